package dev.psc.scrape.internal.loop;

import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.internal.http.ProfileResponses;
import dev.psc.scrape.loop.ProfileFetcher;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A fetcher of profiles over HTTP. Thread-safe. */
public final class HttpProfileFetcher implements ProfileFetcher {

  private static final Map<String, String> HEADERS =
      Map.of(
          "Accept",
          "application/vnd.google.protobuf, application/octet-stream, */*;q=0.5",
          "Accept-Encoding",
          ProfileResponses.ACCEPTED_ENCODING);

  private final HttpClients clients;

  /** Creates a fetcher over clients that it does not close. */
  public HttpProfileFetcher(HttpClients clients) {
    this.clients = clients;
  }

  @Override
  public CompletableFuture<byte[]> fetch(Target target) {
    ScrapeJob job = target.job();
    CompletableFuture<HttpAnswer> answer =
        clients.send(
            new HttpGet(
                target.uri(), job.http(), HEADERS, target.timeout(), job.bodySizeLimitBytes()));
    CompletableFuture<byte[]> body = new CompletableFuture<>();
    CompletableFuture<?> unused =
        answer.whenComplete((complete, failure) -> finish(target, body, complete, failure));
    CompletableFuture<?> unusedToo =
        body.whenComplete(
            (bytes, failure) -> {
              if (body.isCancelled()) {
                answer.cancel(true);
              }
            });
    return body;
  }

  private static void finish(
      Target target,
      CompletableFuture<byte[]> body,
      @Nullable HttpAnswer answer,
      @Nullable Throwable failure) {
    if (answer == null) {
      body.completeExceptionally(
          failure == null ? new IllegalStateException("no response") : failure);
      return;
    }
    try {
      body.complete(ProfileResponses.profile(answer, target.uri()));
    } catch (HttpFailure e) {
      body.completeExceptionally(e);
    }
  }
}
