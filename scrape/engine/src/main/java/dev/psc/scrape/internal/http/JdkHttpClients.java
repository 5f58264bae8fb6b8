package dev.psc.scrape.internal.http;

import dev.psc.net.UrlHost;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpStream;
import dev.psc.scrape.http.ScrapeOutcome;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * HTTP on a client for plaintext and the JDK's clients, one of these per pair of TLS and proxy
 * settings, with a deadline over every whole exchange and limits on responses. Thread-safe.
 */
public final class JdkHttpClients implements HttpClients, AutoCloseable {

  /** The time for which an idle client is kept. */
  private static final Duration IDLE = Duration.ofMinutes(5);

  private final Deadlines deadlines;
  private final String userAgent;
  private final long maxBytesInFlight;
  private final AtomicLong bytesInFlight = new AtomicLong();
  private final SecretFiles secrets = new SecretFiles();
  private final ClientPool clients;
  private final PlainClient plain;
  private final OAuth2Tokens tokens;
  private final HostAddresses addresses;
  private final RoutePlanner routes;

  /**
   * Creates an empty pool; clients are started on first use.
   *
   * @param scheduler runs deadlines; not shut down by {@link #close}
   * @param executor runs the callbacks of clients with TLS, and looks up names; not shut down by
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
        new Surroundings(System.getenv(), System::nanoTime, IDLE, InetAddress::getAllByName));
  }

  /**
   * The dependencies that tests replace.
   *
   * @param environment the variables
   * @param nanoTime the clock by which tokens expire
   * @param idle the time for which an idle client is kept
   * @param resolver looks up host names
   */
  record Surroundings(
      Map<String, String> environment,
      LongSupplier nanoTime,
      Duration idle,
      HostAddresses.Resolver resolver) {}

  JdkHttpClients(
      ScheduledExecutorService scheduler,
      Executor executor,
      String userAgent,
      long maxBytesInFlight,
      Surroundings surroundings) {
    this.deadlines = new Deadlines(Objects.requireNonNull(scheduler, "scheduler"));
    this.userAgent = Objects.requireNonNull(userAgent, "userAgent");
    this.maxBytesInFlight = maxBytesInFlight;
    this.plain = new PlainClient(deadlines);
    this.clients =
        new ClientPool(
            scheduler, executor, secrets, surroundings.environment(), surroundings.idle());
    this.tokens = new OAuth2Tokens(this, surroundings.nanoTime());
    this.addresses = new HostAddresses(scheduler, executor, surroundings.resolver());
    this.routes = new RoutePlanner(addresses);
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
    CompletableFuture<?> running = null;
    Route route = null;
    ClientPool.Client client = null;
    try {
      CompletableFuture<Optional<String>> authorizing = authorization(get.settings());
      running = authorizing;
      Optional<String> authorization = authorizing.get();
      CompletableFuture<Route> planning = plan(get.settings(), get.uri(), get.timeout().toNanos());
      running = planning;
      route = planning.get();
      client = client(get.settings(), get.uri(), route);
      HttpRequest request =
          new Exchange(this, get)
              .request(route, get.uri(), authorization, true)
              .timeout(get.timeout())
              .build();
      CompletableFuture<HttpResponse<InputStream>> answer =
          client.sendAsync(
              request, route.proxyAddress(), HttpResponse.BodyHandlers.ofInputStream());
      running = answer;
      HttpResponse<InputStream> response = answer.get();
      if (response.statusCode() == 401 && authorization.isPresent()) {
        refused(get.settings(), authorization.get());
      }
      return new HttpStream(response.statusCode(), response.headers(), response.body());
    } catch (InterruptedException e) {
      if (running != null) {
        running.cancel(true);
      }
      throw e;
    } catch (ExecutionException | RuntimeException failed) {
      if (route != null && FailureClassifier.isUnconnected(failed)) {
        unconnected(route);
      }
      if (route != null && client != null && FailureClassifier.isTimeout(failed)) {
        timedOut(get.settings(), get.uri(), route, client, false);
      }
      throw FailureClassifier.classify(
          failed, get.uri(), route == null ? Optional.empty() : route.proxy());
    }
  }

  PlainClient plain() {
    return plain;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  String userAgent() {
    return userAgent;
  }

  SecretFiles secrets() {
    return secrets;
  }

  BodyReader reader(URI uri, long limitBytes, boolean cut, long expectedBytes) {
    return new BodyReader(uri, limitBytes, cut, expectedBytes, bytesInFlight, maxBytesInFlight);
  }

  /** Returns the route to a URL; fails with an {@link HttpFailure}. */
  CompletableFuture<Route> plan(HttpSettings settings, URI uri, long timeoutNanos)
      throws HttpFailure {
    return routes.plan(clients.proxies(settings), uri, timeoutNanos);
  }

  ClientPool.Client client(HttpSettings settings, URI uri, Route route) throws HttpFailure {
    return clients.client(settings, origin(uri), route.pin());
  }

  private static String origin(URI uri) {
    return (uri.getScheme() + "://" + UrlHost.of(uri).orElse("")).toLowerCase(Locale.ROOT)
        + ":"
        + Exchange.port(uri);
  }

  /**
   * Returns whether HTTP/2 is offered. Its {@code :authority} is always the host of the JDK's URL,
   * so that a request to an address in place of a name has to be HTTP/1.1.
   */
  static boolean offersHttp2(HttpSettings settings, Route route) {
    return settings.enableHttp2()
        && route.hostHeader().isEmpty()
        && route.sent().getScheme().equalsIgnoreCase("https");
  }

  /** Forgets the address that could not be connected to. */
  void unconnected(Route route) {
    addresses.forget(route.dialled().host(), route.dialled().port());
  }

  /** Makes the next request avoid the address and the connection of a request that timed out. */
  void timedOut(
      HttpSettings settings,
      URI uri,
      Route route,
      ClientPool.@Nullable Client client,
      boolean overHttp1) {
    addresses.forget(route.dialled().host(), route.dialled().port());
    if (client != null && offersHttp2(settings, route) && !overHttp1) {
      clients.distrust(settings, origin(uri), client);
    }
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
    plain.close();
    addresses.close();
  }
}
