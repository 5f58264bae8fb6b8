package dev.psc.scrape.http;

import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Asks servers by HTTP: one JDK client for all that have the same TLS and proxy settings, a
 * deadline over every whole exchange, and limits on what is read. Thread-safe.
 */
public final class HttpClients implements AutoCloseable {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private record Key(TlsSettings tls, ProxySettings proxy) {}

  private final ScheduledExecutorService scheduler;
  private final Executor executor;
  private final String userAgent;
  private final long maxBytesInFlight;
  private final AtomicLong bytesInFlight = new AtomicLong();
  private final SecretFiles secrets = new SecretFiles();
  private final Map<Key, HttpClient> clients = new ConcurrentHashMap<>();

  /**
   * Creates the clients; none is started before it is used.
   *
   * @param scheduler runs deadlines; not shut down by this
   * @param executor runs the clients' callbacks; not shut down by this
   * @param userAgent how requests introduce themselves
   * @param maxBytesInFlight as many bytes may the answers hold that are being read
   */
  public HttpClients(
      ScheduledExecutorService scheduler,
      Executor executor,
      String userAgent,
      long maxBytesInFlight) {
    this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
    this.executor = Objects.requireNonNull(executor, "executor");
    this.userAgent = Objects.requireNonNull(userAgent, "userAgent");
    this.maxBytesInFlight = maxBytesInFlight;
  }

  /**
   * Sends a GET. Never throws: a failure completes the result with an {@link HttpFailure}.
   *
   * @param get what to ask for
   * @return any answer that is complete, whatever its status; cancelling it ends the exchange
   */
  public CompletableFuture<HttpAnswer> send(HttpGet get) {
    try {
      return new Exchange(this, get).start();
    } catch (RuntimeException shutDown) {
      return CompletableFuture.failedFuture(
          new HttpFailure(ScrapeOutcome.INTERNAL, "cannot send requests: " + shutDown, shutDown));
    }
  }

  /**
   * Sends a GET and waits for the answer.
   *
   * @throws HttpFailure when there is none in time; an answer of any status is none of these
   * @throws InterruptedException when the thread is interrupted; the exchange is ended then
   */
  public HttpAnswer get(HttpGet get) throws HttpFailure, InterruptedException {
    CompletableFuture<HttpAnswer> answer = send(get);
    try {
      return answer.get();
    } catch (InterruptedException interrupted) {
      answer.cancel(true);
      throw interrupted;
    } catch (ExecutionException failed) {
      throw Failures.classify(failed, get.uri());
    }
  }

  /**
   * Sends a GET and waits for the headers of the answer only. Redirects are not followed.
   *
   * @param get what to ask for; the timeout ends with the headers, and there is no limit on the
   *     body
   * @return any answer, whatever its status, to be closed by the caller
   * @throws HttpFailure when there is none in time
   * @throws InterruptedException when the thread is interrupted; the exchange is ended then
   */
  public HttpStream open(HttpGet get) throws HttpFailure, InterruptedException {
    CompletableFuture<HttpResponse<InputStream>> answer = null;
    try {
      Optional<String> authorization = authorization(get.settings(), get.timeout()).get();
      HttpRequest request = new Exchange(this, get).request(get.uri(), authorization, true);
      answer = client(get.settings()).sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
      HttpResponse<InputStream> response = answer.get();
      return new HttpStream(response.statusCode(), response.headers(), response.body());
    } catch (InterruptedException interrupted) {
      if (answer != null) {
        answer.cancel(true);
      }
      throw interrupted;
    } catch (ExecutionException | RuntimeException failed) {
      throw Failures.classify(failed, get.uri());
    }
  }

  ScheduledExecutorService scheduler() {
    return scheduler;
  }

  String userAgent() {
    return userAgent;
  }

  SecretFiles secrets() {
    return secrets;
  }

  BodyReader reader(long limitBytes, boolean cut) {
    return new BodyReader(limitBytes, cut, bytesInFlight, maxBytesInFlight);
  }

  HttpClient client(HttpSettings settings) throws HttpFailure {
    if (!settings.tls().equals(TlsSettings.DEFAULT)) {
      throw unsupported("tls_config");
    }
    if (!settings.proxy().equals(ProxySettings.NONE)) {
      throw unsupported("proxy_url and proxy_from_environment");
    }
    return clients.computeIfAbsent(
        new Key(settings.tls(), settings.proxy()),
        key ->
            HttpClient.newBuilder()
                .executor(executor)
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build());
  }

  /** Better no request than one without the protection that was asked for. */
  private static HttpFailure unsupported(String keys) {
    return new HttpFailure(
        ScrapeOutcome.INTERNAL,
        keys + " cannot be used with this release; remove it, or reach the target without it");
  }

  CompletableFuture<Optional<String>> authorization(HttpSettings settings, Duration timeout) {
    try {
      Credentials credentials = settings.credentials();
      if (credentials instanceof Credentials.Basic basic) {
        String pair =
            secrets.read(basic.username(), "basic_auth.username")
                + ":"
                + secrets.read(basic.password(), "basic_auth.password");
        return CompletableFuture.completedFuture(
            Optional.of(
                "Basic "
                    + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8))));
      }
      if (credentials instanceof Credentials.Header header) {
        return CompletableFuture.completedFuture(
            Optional.of(
                header.type()
                    + " "
                    + secrets.read(header.credentials(), "authorization.credentials")));
      }
      if (credentials instanceof Credentials.OAuth2) {
        throw unsupported("oauth2");
      }
      return CompletableFuture.completedFuture(Optional.empty());
    } catch (HttpFailure unreadable) {
      return CompletableFuture.failedFuture(unreadable);
    }
  }

  /** Lets go of the clients; exchanges under way end at their deadlines at the latest. */
  @Override
  public void close() {
    clients.clear();
  }
}
