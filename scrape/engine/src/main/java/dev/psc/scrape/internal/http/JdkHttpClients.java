package dev.psc.scrape.internal.http;

import dev.psc.net.ProxyAddress;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpStream;
import dev.psc.scrape.http.ScrapeOutcome;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * HTTP on the JDK's clients, one per pair of TLS and proxy settings, with a deadline over every
 * whole exchange and limits on what is read. Thread-safe.
 */
public final class JdkHttpClients implements HttpClients, AutoCloseable {

  /** How long an idle client is kept. */
  private static final Duration IDLE = Duration.ofMinutes(5);

  private final ScheduledExecutorService scheduler;
  private final String userAgent;
  private final long maxBytesInFlight;
  private final AtomicLong bytesInFlight = new AtomicLong();
  private final SecretFiles secrets = new SecretFiles();
  private final ClientPool clients;
  private final OAuth2Tokens tokens;

  /**
   * Creates an empty pool; clients are started on first use.
   *
   * @param scheduler runs deadlines; not shut down by {@link #close}
   * @param executor runs the clients' callbacks and completes the responses; not shut down by
   *     {@link #close}
   * @param userAgent the {@code User-Agent} header
   * @param maxBytesInFlight limit on bytes of responses being read
   */
  public JdkHttpClients(
      ScheduledExecutorService scheduler,
      Executor executor,
      String userAgent,
      long maxBytesInFlight) {
    this(
        scheduler,
        executor,
        userAgent,
        maxBytesInFlight,
        new Surroundings(System.getenv(), System::nanoTime, IDLE));
  }

  /**
   * The dependencies that tests replace.
   *
   * @param environment the variables
   * @param nanoTime the clock by which tokens expire
   * @param idle how long an idle client is kept
   */
  record Surroundings(Map<String, String> environment, LongSupplier nanoTime, Duration idle) {}

  JdkHttpClients(
      ScheduledExecutorService scheduler,
      Executor executor,
      String userAgent,
      long maxBytesInFlight,
      Surroundings surroundings) {
    this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
    this.userAgent = Objects.requireNonNull(userAgent, "userAgent");
    this.maxBytesInFlight = maxBytesInFlight;
    this.clients =
        new ClientPool(
            scheduler, executor, secrets, surroundings.environment(), surroundings.idle());
    this.tokens = new OAuth2Tokens(this, surroundings.nanoTime());
  }

  @Override
  public CompletableFuture<HttpAnswer> send(HttpGet get) {
    try {
      return new Exchange(this, get).start();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(
          new HttpFailure(ScrapeOutcome.INTERNAL, "cannot send requests: " + e, e));
    }
  }

  /** Sends a form. Redirects are not followed, as the form is meant for one server. */
  CompletableFuture<HttpAnswer> post(HttpGet request, String form) {
    return new Exchange(this, request, form).start();
  }

  @Override
  public HttpAnswer get(HttpGet get) throws HttpFailure, InterruptedException {
    CompletableFuture<HttpAnswer> answer = send(get);
    try {
      return answer.get();
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    } catch (ExecutionException failed) {
      throw FailureClassifier.classify(failed, get.uri());
    }
  }

  @Override
  public HttpStream open(HttpGet get) throws HttpFailure, InterruptedException {
    CompletableFuture<HttpResponse<InputStream>> answer = null;
    Optional<ProxyAddress> proxy = Optional.empty();
    try {
      Optional<String> authorization = authorization(get.settings()).get();
      ClientPool.Client client = client(get.settings());
      proxy = client.route().proxy(get.uri());
      HttpRequest request =
          new Exchange(this, get).request(client, proxy, get.uri(), authorization, true);
      answer = client.http().sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
      HttpResponse<InputStream> response = answer.get();
      if (response.statusCode() == 401 && authorization.isPresent()) {
        refused(get.settings(), authorization.get());
      }
      return new HttpStream(response.statusCode(), response.headers(), response.body());
    } catch (InterruptedException e) {
      if (answer != null) {
        answer.cancel(true);
      }
      throw e;
    } catch (ExecutionException | RuntimeException failed) {
      throw FailureClassifier.classify(failed, get.uri(), proxy);
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

  BodyReader reader(URI uri, long limitBytes, boolean cut) {
    return new BodyReader(LogSafe.url(uri), limitBytes, cut, bytesInFlight, maxBytesInFlight);
  }

  ClientPool.Client client(HttpSettings settings) throws HttpFailure {
    return clients.client(settings);
  }

  /** Returns the number of JDK clients. */
  int size() {
    return clients.size();
  }

  /** Fetches or reads a rejected token again for the next request. */
  void refused(HttpSettings settings, String authorization) {
    if (settings.credentials() instanceof Credentials.OAuth2 oauth2) {
      tokens.refused(oauth2, authorization);
    } else if (settings.credentials() instanceof Credentials.Header header) {
      header.credentials().file().ifPresent(secrets::expire);
    }
  }

  CompletableFuture<Optional<String>> authorization(HttpSettings settings) {
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
        String what = "authorization.credentials";
        String value = SecretFiles.checkHeader(secrets.read(header.credentials(), what), what);
        return CompletableFuture.completedFuture(Optional.of(header.type() + " " + value));
      }
      if (credentials instanceof Credentials.OAuth2 oauth2) {
        return tokens.authorization(oauth2).thenApply(Optional::of);
      }
      return CompletableFuture.completedFuture(Optional.empty());
    } catch (HttpFailure e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Releases the clients; running exchanges end at their deadlines at the latest. */
  @Override
  public void close() {
    clients.clear();
  }
}
