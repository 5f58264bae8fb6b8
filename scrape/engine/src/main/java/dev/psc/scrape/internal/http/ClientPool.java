package dev.psc.scrape.internal.http;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ProxySettings;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.internal.tls.PinnedNames;
import dev.psc.scrape.internal.tls.TlsMaterial;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of JDK clients, one per pair of TLS and proxy settings and scheme, and more where
 * connections must not be shared:
 *
 * <ul>
 *   <li>The JDK's client keeps an HTTP/2 connection for as long as it is open, also when it has
 *       gone silent. An origin that exceeded a timeout moves to a second client, away from its
 *       connection; when that client's connection goes silent as well, the client is replaced.
 *   <li>Targets without TLS are spread over a few clients.
 *   <li>Requests over TLS to an address in place of a name share a client only as long as each
 *       address represents one name, since connections are kept per address.
 * </ul>
 *
 * <p>A client is replaced when a file of its settings changes and removed when it is idle. An
 * unreferenced client ends its thread and connections; before JDK 21 there is no other way to close
 * it. Thread-safe.
 */
final class ClientPool {

  private static final Logger logger = LoggerFactory.getLogger(ClientPool.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final int MAX_SLOTS = 32;
  private static final int MAX_SUSPECTS = 10_000;

  /**
   * The clients that share the targets without TLS. The JDK's client searches a list of all its
   * idle connections for each request, so that ten thousand in one client would take most of a
   * core.
   */
  private static final int PLAINTEXT_SLOTS = 8;

  /** Limit on replaced clients whose exchanges are still running. */
  private static final int MAX_RETIRED = 16;

  /** A client and its proxy route. */
  static final class Client {
    private final HttpClient http;
    private final ProxyRoute route;
    private final AtomicInteger running = new AtomicInteger();

    private Client(HttpClient http, ProxyRoute route) {
      this.http = http;
      this.route = route;
    }

    /** Sends a request, through the proxy at an address if there is one. */
    <T> CompletableFuture<HttpResponse<T>> sendAsync(
        HttpRequest request,
        Optional<InetSocketAddress> proxy,
        HttpResponse.BodyHandler<T> handler) {
      running.incrementAndGet();
      CompletableFuture<HttpResponse<T>> response;
      try {
        response = route.during(proxy, () -> http.sendAsync(request, handler));
      } catch (RuntimeException e) {
        running.decrementAndGet();
        throw e;
      }
      CompletableFuture<?> unused =
          response.whenComplete((answer, failure) -> running.decrementAndGet());
      return response;
    }
  }

  /**
   * The properties that distinguish clients.
   *
   * @param slot 0 for requests by name over TLS, above it for those to an address over TLS; without
   *     TLS a part of the origins
   * @param second whether it is for origins that exceeded a timeout
   * @param plaintext whether it is for {@code http://}
   */
  private record Key(
      TlsSettings tls, ProxySettings proxy, int slot, boolean second, boolean plaintext) {
    static Key overTls(HttpSettings settings, int slot, boolean second) {
      return new Key(settings.tls(), settings.proxy(), slot, second, false);
    }

    static Key byName(HttpSettings settings, String origin, boolean second) {
      return origin.startsWith("http://")
          ? new Key(
              settings.tls(),
              settings.proxy(),
              Math.floorMod(origin.hashCode(), PLAINTEXT_SLOTS),
              second,
              true)
          : overTls(settings, 0, second);
    }
  }

  private record Suspect(TlsSettings tls, ProxySettings proxy, String origin) {
    static Suspect of(HttpSettings settings, String origin) {
      return new Suspect(settings.tls(), settings.proxy(), origin);
    }
  }

  private static final class Entry {
    private final TlsMaterial material;
    private final Client client;
    private final PinnedNames names;
    private volatile long usedNanos;
    private volatile @Nullable TlsMaterial refused;

    private Entry(TlsMaterial material, Client client, PinnedNames names, long usedNanos) {
      this.material = material;
      this.client = client;
      this.names = names;
      this.usedNanos = usedNanos;
    }
  }

  private final ScheduledExecutorService scheduler;
  private final Executor executor;
  private final SecretFiles secrets;
  private final Map<String, String> environment;
  private final long idleNanos;
  private final Map<Key, Entry> entries = new ConcurrentHashMap<>();
  private final AtomicBoolean sweeping = new AtomicBoolean();

  // Guarded by itself.
  private final Map<Suspect, Boolean> suspects =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Suspect, Boolean> eldest) {
          return size() > MAX_SUSPECTS;
        }
      };

  // Guarded by this.
  private final List<Client> retired = new ArrayList<>();

  ClientPool(
      ScheduledExecutorService scheduler,
      Executor executor,
      SecretFiles secrets,
      Map<String, String> environment,
      Duration idle) {
    this.scheduler = scheduler;
    this.executor = executor;
    this.secrets = secrets;
    this.environment = environment;
    this.idleNanos = idle.toNanos();
  }

  /** Returns the proxy rules of settings for requests to an origin. */
  ProxyRoute proxies(HttpSettings settings, String origin) throws HttpFailure {
    return entry(Key.byName(settings, origin, false)).client.route;
  }

  /** Returns the client for a request to an origin, e.g. {@code https://shop:443}. */
  Client client(HttpSettings settings, String origin, Optional<Route.Pin> pin) throws HttpFailure {
    boolean second;
    synchronized (suspects) {
      second = suspects.get(Suspect.of(settings, origin)) != null;
    }
    // With server_name, one name is expected of all addresses.
    if (pin.isEmpty() || settings.tls().serverName().isPresent()) {
      return entry(Key.byName(settings, origin, second)).client;
    }
    Route.Pin wanted = pin.get();
    for (int slot = 1; slot <= MAX_SLOTS; slot++) {
      Entry entry = entry(Key.overTls(settings, slot, second));
      if (entry.names.claim(wanted.address(), wanted.port(), wanted.name())) {
        return entry.client;
      }
    }
    // More names at one address than clients: the last client is the one that names take turns on.
    Key last = Key.overTls(settings, MAX_SLOTS, second);
    entries.remove(last);
    Entry entry = entry(last);
    entry.names.claim(wanted.address(), wanted.port(), wanted.name());
    return entry.client;
  }

  /**
   * Makes the next request to an origin use another connection, because an exchange that may have
   * been on HTTP/2 exceeded its timeout.
   *
   * @param used the client of the exchange
   */
  synchronized void distrust(HttpSettings settings, String origin, Client used) {
    synchronized (suspects) {
      suspects.put(Suspect.of(settings, origin), true);
    }
    retired.removeIf(client -> client.running.get() == 0);
    if (retired.size() >= MAX_RETIRED) {
      logger.debug("{}: keeping the silent connection: too many clients are closing", origin);
      return;
    }
    boolean replaced =
        entries
            .entrySet()
            .removeIf(entry -> entry.getKey().second() && entry.getValue().client == used);
    if (replaced) {
      retired.add(used);
    }
  }

  private Entry entry(Key key) throws HttpFailure {
    Entry entry = entries.get(key);
    TlsMaterial material = TlsMaterial.read(key.tls, secrets::read);
    if (entry == null || !isCurrent(entry, material)) {
      entry = renewed(key, material);
    }
    entry.usedNanos = System.nanoTime();
    return entry;
  }

  private static boolean isCurrent(Entry entry, TlsMaterial material) {
    return entry.material.equals(material) || material.equals(entry.refused);
  }

  private synchronized Entry renewed(Key key, TlsMaterial material) throws HttpFailure {
    Entry entry = entries.get(key);
    if (entry != null && isCurrent(entry, material)) {
      return entry;
    }
    try {
      PinnedNames names = new PinnedNames();
      Entry fresh = new Entry(material, create(key, material, names), names, System.nanoTime());
      entries.put(key, fresh);
      sweepLater();
      return fresh;
    } catch (HttpFailure e) {
      if (entry == null) {
        throw e;
      }
      // Certificate and key are rarely replaced at the same time.
      entry.refused = material;
      logger.warn("New certificates cannot be used; keeping the previous ones: {}", e.getMessage());
      return entry;
    }
  }

  private Client create(Key key, TlsMaterial material, PinnedNames names) throws HttpFailure {
    ProxyRoute route = new ProxyRoute(key.proxy, environment);
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // Without TLS, a client's tasks are shorter than passing them to another thread.
            .executor(key.plaintext ? Runnable::run : executor)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            // The settings decide, not the system properties that the JDK follows by default.
            .proxy(route.selector());
    if (key.slot > 0 && !key.plaintext) {
      builder.sslContext(material.context(key.tls, names));
    } else if (!key.tls.equals(TlsSettings.DEFAULT)) {
      builder.sslContext(material.context(key.tls));
    }
    if (!key.tls.equals(TlsSettings.DEFAULT)) {
      SSLParameters parameters = new SSLParameters();
      parameters.setProtocols(key.tls.protocols().toArray(String[]::new));
      builder.sslParameters(parameters);
    }
    return new Client(builder.build(), route);
  }

  private void sweepLater() {
    if (!sweeping.compareAndSet(false, true)) {
      return;
    }
    try {
      Object unused = scheduler.schedule(this::sweep, idleNanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("Not checking for unused clients: the scraper is shutting down", e);
    }
  }

  private synchronized void sweep() {
    sweeping.set(false);
    long now = System.nanoTime();
    entries.values().removeIf(entry -> now - entry.usedNanos >= idleNanos);
    retired.removeIf(client -> client.running.get() == 0);
    if (!entries.isEmpty()) {
      sweepLater();
    }
  }

  /** Returns how many clients there are. */
  int size() {
    return entries.size();
  }

  void clear() {
    entries.clear();
  }
}
