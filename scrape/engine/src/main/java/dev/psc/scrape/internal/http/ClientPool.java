package dev.psc.scrape.internal.http;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ProxySettings;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.internal.tls.TlsMaterial;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of JDK clients, one per pair of TLS and proxy settings. A client is replaced when a file
 * of its settings changes and removed when it is idle. An unreferenced client ends its thread and
 * connections; before JDK 21 there is no other way to close it. Thread-safe.
 */
final class ClientPool {

  private static final Logger logger = LoggerFactory.getLogger(ClientPool.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** A client and its proxy route. */
  record Client(HttpClient http, ProxyRoute route) {}

  private record Key(TlsSettings tls, ProxySettings proxy) {
    static Key of(HttpSettings settings) {
      return new Key(settings.tls(), settings.proxy());
    }
  }

  private static final class Entry {
    private final TlsMaterial material;
    private final Client client;
    private volatile long usedNanos;
    private volatile @Nullable TlsMaterial refused;

    private Entry(TlsMaterial material, Client client, long usedNanos) {
      this.material = material;
      this.client = client;
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

  Client client(HttpSettings settings) throws HttpFailure {
    Key key = Key.of(settings);
    Entry entry = entries.get(key);
    TlsMaterial material = TlsMaterial.read(key.tls, secrets::read);
    if (entry == null || !isCurrent(entry, material)) {
      entry = renewed(key, material);
    }
    entry.usedNanos = System.nanoTime();
    return entry.client;
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
      Entry fresh = new Entry(material, create(key, material), System.nanoTime());
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

  private Client create(Key key, TlsMaterial material) throws HttpFailure {
    ProxyRoute route = new ProxyRoute(key.proxy, environment);
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .executor(executor)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            // The settings decide, not the system properties that the JDK follows by default.
            .proxy(route.selector());
    if (!key.tls.equals(TlsSettings.DEFAULT)) {
      builder.sslContext(material.context(key.tls));
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
      logger.debug("unused clients are not looked for, the scraper shuts down", e);
    }
  }

  private synchronized void sweep() {
    sweeping.set(false);
    long now = System.nanoTime();
    entries.values().removeIf(entry -> now - entry.usedNanos >= idleNanos);
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
