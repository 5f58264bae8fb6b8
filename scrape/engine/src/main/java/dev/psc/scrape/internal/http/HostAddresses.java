package dev.psc.scrape.internal.http;

import dev.psc.net.DaemonThreads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousChannelGroup;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses one of the addresses that a host name resolves to: the one that worked last, otherwise
 * the one that accepts a connection first. Thread-safe.
 */
final class HostAddresses implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(HostAddresses.class);

  /** Other hosts of digits and dots, e.g. 99999999999 or 1.2.3.4.5, are looked up as names. */
  private static final Pattern IPV4 =
      Pattern.compile("(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\\.(?!$)|$)){4}");

  private static final int MAX_REMEMBERED = 16_384;
  private static final long LONGEST_RACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** A resolver of names, which tests replace. */
  @FunctionalInterface
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  /**
   * An address to connect to.
   *
   * @param address the address; absent when the host is literal or cannot be resolved
   * @param first whether it is the resolver's first, which the JDK's client would take by itself
   * @param several whether the host has others
   */
  record Choice(Optional<InetAddress> address, boolean first, boolean several) {
    static final Choice NONE = new Choice(Optional.empty(), true, false);
  }

  private record Endpoint(String host, int port) {}

  private final ScheduledExecutorService scheduler;
  private final Executor executor;
  private final Resolver resolver;
  private final Map<Endpoint, CompletableFuture<Optional<InetAddress>>> races =
      new ConcurrentHashMap<>();

  // Guarded by itself.
  private final Map<Endpoint, InetAddress> preferred =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Endpoint, InetAddress> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  // Guarded by this.
  private @Nullable AsynchronousChannelGroup group;
  private boolean closed;

  /**
   * Creates an empty memory.
   *
   * @param scheduler runs deadlines and head starts
   * @param executor runs lookups, which block
   */
  HostAddresses(ScheduledExecutorService scheduler, Executor executor, Resolver resolver) {
    this.scheduler = scheduler;
    this.executor = executor;
    this.resolver = resolver;
  }

  /**
   * Chooses an address; never fails.
   *
   * @param host a name or an address, which is not looked up
   * @param timeoutNanos how long connections may be tried
   */
  CompletableFuture<Choice> choose(String host, int port, long timeoutNanos) {
    if (isLiteral(host)) {
      return CompletableFuture.completedFuture(Choice.NONE);
    }
    return CompletableFuture.supplyAsync(() -> lookUp(host), executor)
        .thenCompose(
            addresses ->
                choose(new Endpoint(host.toLowerCase(Locale.ROOT), port), addresses, timeoutNanos));
  }

  /** Returns whether {@link InetAddress} takes a host for an address, without a lookup. */
  static boolean isLiteral(String host) {
    return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
  }

  private List<InetAddress> lookUp(String host) {
    try {
      return interleaved(resolver.resolve(host));
    } catch (UnknownHostException e) {
      logger.debug("{} cannot be resolved", host, e);
      return List.of();
    }
  }

  /** Returns the addresses with the two families taking turns, in the resolver's order. */
  static List<InetAddress> interleaved(InetAddress[] resolved) {
    Set<InetAddress> distinct = new LinkedHashSet<>(List.of(resolved));
    List<InetAddress> same = new ArrayList<>();
    List<InetAddress> other = new ArrayList<>();
    for (InetAddress address : distinct) {
      (address.getClass() == resolved[0].getClass() ? same : other).add(address);
    }
    List<InetAddress> all = new ArrayList<>();
    for (int i = 0; i < Math.max(same.size(), other.size()); i++) {
      if (i < same.size()) {
        all.add(same.get(i));
      }
      if (i < other.size()) {
        all.add(other.get(i));
      }
    }
    return all;
  }

  private CompletableFuture<Choice> choose(
      Endpoint endpoint, List<InetAddress> addresses, long timeoutNanos) {
    if (addresses.isEmpty()) {
      return CompletableFuture.completedFuture(Choice.NONE);
    }
    InetAddress first = addresses.get(0);
    if (addresses.size() == 1) {
      return CompletableFuture.completedFuture(new Choice(Optional.of(first), true, false));
    }
    InetAddress known;
    synchronized (preferred) {
      known = preferred.get(endpoint);
    }
    if (known != null && addresses.contains(known)) {
      return CompletableFuture.completedFuture(
          new Choice(Optional.of(known), known.equals(first), true));
    }
    return race(endpoint, addresses, timeoutNanos)
        .handleAsync(
            (found, failure) -> {
              InetAddress address = found == null ? first : found.orElse(first);
              return new Choice(Optional.of(address), address.equals(first), true);
            },
            executor);
  }

  /** Joins the race of the endpoint, if one is running. */
  private CompletableFuture<Optional<InetAddress>> race(
      Endpoint endpoint, List<InetAddress> addresses, long timeoutNanos) {
    CompletableFuture<Optional<InetAddress>> ours = new CompletableFuture<>();
    CompletableFuture<Optional<InetAddress>> running = races.putIfAbsent(endpoint, ours);
    if (running != null) {
      return running;
    }
    CompletableFuture<Optional<InetAddress>> race;
    try {
      race =
          ConnectRace.start(
              addresses,
              endpoint.port,
              channels(),
              scheduler,
              Math.min(timeoutNanos, LONGEST_RACE_NANOS));
    } catch (IOException | RuntimeException e) {
      race = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<?> unused =
        race.whenComplete(
            (found, failure) -> {
              if (found != null && found.isPresent()) {
                synchronized (preferred) {
                  preferred.put(endpoint, found.get());
                }
              }
              races.remove(endpoint, ours);
              ours.complete(found == null ? Optional.empty() : found);
            });
    return ours;
  }

  private synchronized AsynchronousChannelGroup channels() throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    if (group == null) {
      group =
          AsynchronousChannelGroup.withFixedThreadPool(
              1, DaemonThreads.named("psc-scrape-connect"));
    }
    return group;
  }

  /** Forgets the address that worked last, as a connection to it failed or went silent. */
  void forget(String host, int port) {
    synchronized (preferred) {
      preferred.remove(new Endpoint(host.toLowerCase(Locale.ROOT), port));
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (group != null) {
      try {
        group.shutdownNow();
      } catch (IOException e) {
        logger.debug("Closing connections failed", e);
      }
    }
  }
}
