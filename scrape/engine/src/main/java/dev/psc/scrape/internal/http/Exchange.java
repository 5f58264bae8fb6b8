package dev.psc.scrape.internal.http;

import dev.psc.net.ProxyAddress;
import dev.psc.net.UrlHost;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Durations;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One GET with its redirects, or one POST without, under one deadline that covers the last byte of
 * the body. A GET without TLS and proxy goes through {@link PlainClient}, the others through the
 * JDK's client.
 *
 * <p>The JDK's request timeout ends with the headers, and its own redirects keep headers that are
 * meant for the first origin only; both are done here instead.
 */
final class Exchange {

  private static final int MAX_REDIRECTS = 10;
  private static final int ERROR_BODY_BYTES = 4096;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final JdkHttpClients clients;
  private final HttpGet get;
  private final @Nullable String form;
  private final CompletableFuture<HttpAnswer> result = new CompletableFuture<>();
  private final long deadlineNanos;

  // Guarded by this.
  private @Nullable CompletableFuture<?> sending;
  private @Nullable BodyReader reading;
  private boolean headersSeen;
  private boolean answeredOverHttp1;
  private @Nullable Attempt attempt;

  Exchange(JdkHttpClients clients, HttpGet get) {
    this(clients, get, null);
  }

  /** A POST when there is a form to send. */
  Exchange(JdkHttpClients clients, HttpGet get, @Nullable String form) {
    this.clients = clients;
    this.get = get;
    this.form = form;
    this.deadlineNanos = System.nanoTime() + get.timeout().toNanos();
  }

  CompletableFuture<HttpAnswer> start() {
    Deadlines.Deadline deadline = clients.deadlines().add(get.timeout().toNanos(), this::timedOut);
    CompletableFuture<?> unused =
        result.whenComplete(
            (answer, failure) -> {
              deadline.cancel();
              if (failure != null) {
                // Also when the caller cancels: nothing keeps running after that.
                abort();
              }
            });
    CompletableFuture<?> unusedToo =
        clients
            .authorization(get.settings())
            .whenComplete(
                (authorization, failure) -> {
                  if (failure != null) {
                    result.completeExceptionally(FailureClassifier.unasked(failure, get.uri()));
                  } else {
                    send(get.uri(), authorization, true, MAX_REDIRECTS);
                  }
                });
    return result;
  }

  private void timedOut() {
    boolean inBody;
    Attempt last;
    boolean overHttp1;
    synchronized (this) {
      inBody = headersSeen;
      last = attempt;
      overHttp1 = answeredOverHttp1;
    }
    if (last != null && !result.isDone()) {
      // Before the caller learns of it, because its next request must not use the connection.
      clients.timedOut(get.settings(), last.hop.uri, last.route, last.client, overHttp1);
    }
    result.completeExceptionally(
        new HttpFailure(
            ScrapeOutcome.TIMEOUT,
            LogSafe.url(get.uri())
                + ": "
                + (inBody ? "the body was not complete" : "no response")
                + " within "
                + Durations.format(get.timeout())
                + "; raise scrape_timeout if the target needs longer"));
  }

  private void abort() {
    CompletableFuture<?> request;
    BodyReader body;
    synchronized (this) {
      request = sending;
      body = reading;
    }
    if (body != null) {
      body.cancel();
    }
    if (request != null) {
      request.cancel(true);
    }
  }

  private void send(URI uri, Optional<String> authorization, boolean ownOrigin, int redirectsLeft) {
    route(new Hop(uri, authorization, ownOrigin, redirectsLeft), true);
  }

  private void route(Hop hop, boolean mayRetry) {
    if (result.isDone()) {
      return;
    }
    try {
      CompletableFuture<?> unused =
          clients
              .plan(get.settings(), hop.uri, remainingNanos())
              .whenComplete(
                  (route, failure) -> {
                    if (failure != null) {
                      result.completeExceptionally(FailureClassifier.unasked(failure, hop.uri));
                    } else {
                      send(hop, route, mayRetry);
                    }
                  });
    } catch (HttpFailure | RuntimeException e) {
      result.completeExceptionally(FailureClassifier.unasked(e, hop.uri));
    }
  }

  private long remainingNanos() {
    return Math.max(1_000_000, deadlineNanos - System.nanoTime());
  }

  private void send(Hop hop, Route route, boolean mayRetry) {
    if (result.isDone()) {
      return;
    }
    try {
      HttpRequest request = request(route, hop.uri, hop.authorization, hop.ownOrigin).build();
      Optional<InetSocketAddress> plain = form == null ? route.plain() : Optional.empty();
      ClientPool.Client client =
          plain.isPresent() ? null : clients.client(get.settings(), hop.uri, route);
      CompletableFuture<?> answer =
          client == null
              ? clients.plain().send(request, plain.get(), info -> reader(hop, info))
              : client.sendAsync(request, route.proxyAddress(), info -> reader(hop, info));
      synchronized (this) {
        sending = answer;
        attempt = new Attempt(hop, route, client);
      }
      CompletableFuture<?> unused =
          answer.whenComplete(
              (response, failure) -> {
                if (failure != null) {
                  failed(hop, route, mayRetry, failure);
                }
              });
      if (result.isDone()) {
        abort();
      }
    } catch (HttpFailure | RuntimeException e) {
      result.completeExceptionally(FailureClassifier.unasked(e, hop.uri));
    }
  }

  private void failed(Hop hop, Route route, boolean mayRetry, Throwable failure) {
    if (FailureClassifier.isTimeout(failure)) {
      // The client's timer was slightly ahead of this one.
      timedOut();
      return;
    }
    boolean unconnected = FailureClassifier.isUnconnected(failure);
    if (unconnected) {
      clients.unconnected(route);
    }
    if (unconnected && route.several() && mayRetry) {
      route(hop, false);
    } else {
      result.completeExceptionally(FailureClassifier.classify(failure, hop.uri, route.proxy()));
    }
  }

  /**
   * Returns the request for a hop, without a timeout: the exchange has its own, and the client's
   * wakes its selector for each request.
   *
   * @param uri the URL with the host's name
   * @param ownOrigin whether the headers of the settings are sent
   */
  HttpRequest.Builder request(
      Route route, URI uri, Optional<String> authorization, boolean ownOrigin) throws HttpFailure {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(route.sent())
            .version(
                JdkHttpClients.offersHttp2(get.settings(), route)
                    ? HttpClient.Version.HTTP_2
                    : HttpClient.Version.HTTP_1_1)
            .header("User-Agent", clients.userAgent())
            .header("Accept-Encoding", "identity");
    get.headers().forEach(builder::setHeader);
    route.hostHeader().ifPresent(host -> builder.setHeader("Host", host));
    if (form != null) {
      builder.POST(HttpRequest.BodyPublishers.ofString(form));
    }
    if (ownOrigin) {
      authorization.ifPresent(value -> builder.setHeader("Authorization", value));
      for (var header : get.settings().headers().entrySet()) {
        for (SecretSource value : header.getValue()) {
          builder.header(header.getKey(), read(value, "http_headers." + header.getKey()));
        }
      }
    }
    if (route.proxy().isPresent()) {
      addProxyHeaders(builder, route.proxy().get(), uri);
    }
    return builder;
  }

  private void addProxyHeaders(HttpRequest.Builder builder, ProxyAddress proxy, URI uri)
      throws HttpFailure {
    Optional<String> authorization = proxy.basicAuthorization();
    if (authorization.isPresent()) {
      ProxyRoute.checkTunnel(uri, "Proxy-Authorization", authorization.get());
      builder.setHeader("Proxy-Authorization", authorization.get());
    }
    for (var header : get.settings().proxy().connectHeaders().entrySet()) {
      for (SecretSource source : header.getValue()) {
        String value = read(source, "proxy_connect_header." + header.getKey());
        ProxyRoute.checkTunnel(uri, header.getKey(), value);
        builder.header(header.getKey(), value);
      }
    }
  }

  /** Returns a header's value. What the JDK's client refuses it would show in its message. */
  private String read(SecretSource source, String what) throws HttpFailure {
    return SecretFiles.checkHeader(clients.secrets().read(source, what), what);
  }

  /** One request of the exchange. */
  private record Hop(
      URI uri, Optional<String> authorization, boolean ownOrigin, int redirectsLeft) {}

  /** A request that was sent. */
  private record Attempt(Hop hop, Route route, ClientPool.@Nullable Client client) {}

  /**
   * Returns the reader of the body, at whose end the exchange continues. The client's own future
   * completes in the default pool, which on small machines of Java 17 is a new thread for each,
   * without bound.
   */
  private BodyReader reader(Hop hop, HttpResponse.ResponseInfo info) {
    boolean failed = info.statusCode() != 200;
    BodyReader reader =
        clients.reader(
            hop.uri,
            failed ? ERROR_BODY_BYTES : get.bodyLimitBytes(),
            failed,
            Framing.length(info.headers()));
    synchronized (this) {
      reading = reader;
      headersSeen = true;
      answeredOverHttp1 = info.version() == HttpClient.Version.HTTP_1_1;
    }
    Framing.problem(info.headers())
        .ifPresent(
            problem ->
                result.completeExceptionally(
                    new HttpFailure(
                        ScrapeOutcome.PROTOCOL, Framing.message(LogSafe.url(hop.uri), problem))));
    CompletableFuture<?> unused =
        reader
            .getBody()
            .toCompletableFuture()
            .whenComplete(
                (body, failure) -> {
                  if (failure == null) {
                    answered(hop, new HttpAnswer(info.statusCode(), info.headers(), body));
                  } else {
                    result.completeExceptionally(FailureClassifier.classify(failure, hop.uri));
                  }
                });
    if (result.isDone()) {
      reader.cancel();
    }
    return reader;
  }

  private void answered(Hop hop, HttpAnswer answer) {
    if (answer.status() == 401 && hop.authorization.isPresent()) {
      clients.refused(get.settings(), hop.authorization.get());
    }
    if (!get.settings().followRedirects() || !REDIRECTS.contains(answer.status())) {
      result.complete(answer);
      return;
    }
    try {
      URI next = redirect(hop.uri, answer, hop.redirectsLeft);
      // Once another origin was asked, credentials stay away even if it sends us back.
      send(
          next,
          hop.authorization,
          hop.ownOrigin && sameOrigin(hop.uri, next),
          hop.redirectsLeft - 1);
    } catch (HttpFailure e) {
      result.completeExceptionally(e);
    }
  }

  private static URI redirect(URI uri, HttpAnswer answer, int redirectsLeft) throws HttpFailure {
    String where = LogSafe.url(uri) + ": returned " + answer.status();
    if (redirectsLeft == 0) {
      throw new HttpFailure(
          ScrapeOutcome.REDIRECT,
          where + " after " + MAX_REDIRECTS + " redirects; check for a loop");
    }
    String location = answer.headers().firstValue("location").orElse("");
    URI next;
    try {
      next = uri.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new HttpFailure(
          ScrapeOutcome.REDIRECT, where + " with a Location that is not a" + " URL", e);
    }
    String scheme = next.getScheme() == null ? "" : next.getScheme().toLowerCase(Locale.ROOT);
    if (location.isEmpty()
        || UrlHost.of(next).isEmpty()
        || !(scheme.equals("http") || scheme.equals("https"))) {
      throw new HttpFailure(ScrapeOutcome.REDIRECT, where + " without a usable Location");
    }
    return next;
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equalsIgnoreCase(b.getScheme())
        && UrlHost.of(a).orElse("").equalsIgnoreCase(UrlHost.of(b).orElse(""))
        && port(a) == port(b);
  }

  static int port(URI uri) {
    int port = UrlHost.port(uri);
    if (port >= 0) {
      return port;
    }
    return uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }
}
