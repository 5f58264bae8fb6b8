package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The open connections of a port, with a limit on their number and a deadline for each that the
 * server waits for.
 *
 * <p>At the limit, a new connection replaces the one that has kept the server waiting for longest,
 * so that clients that connect and send nothing cannot lock out others. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing a connection has no result to wait for
final class Connections {

  private final int limit;

  /** Deadlines in nanoTime of the connections that the server waits for, in order of waiting. */
  private final Map<Channel, Long> waiting = new LinkedHashMap<>();

  private int open;

  Connections(int limit) {
    this.limit = limit;
  }

  /**
   * Adds a connection, which waits for its first request.
   *
   * @return whether the connection may stay open
   */
  boolean open(Channel channel, Duration atMost) {
    Channel evicted = null;
    synchronized (this) {
      if (open >= limit) {
        evicted = longestWaiting();
        if (evicted == null) {
          return false;
        }
        waiting.remove(evicted);
      }
      open++;
      waiting.put(channel, System.nanoTime() + atMost.toNanos());
    }
    channel.closeFuture().addListener(closed -> closed(channel));
    if (evicted != null) {
      evicted.close();
    }
    return true;
  }

  private @Nullable Channel longestWaiting() {
    return waiting.isEmpty() ? null : waiting.keySet().iterator().next();
  }

  private synchronized void closed(Channel channel) {
    open--;
    waiting.remove(channel);
  }

  /** Marks a connection as one that the server waits for, and closes it after the duration. */
  synchronized void awaiting(Channel channel, Duration atMost) {
    if (channel.isOpen()) {
      waiting.remove(channel);
      waiting.put(channel, System.nanoTime() + atMost.toNanos());
    }
  }

  /** Marks a connection as one whose request is being answered. */
  synchronized void working(Channel channel) {
    waiting.remove(channel);
  }

  /** Closes the connections that have missed their deadline. */
  void closeLate() {
    Channel[] late;
    synchronized (this) {
      long now = System.nanoTime();
      late =
          waiting.entrySet().stream()
              .filter(entry -> now - entry.getValue() > 0)
              .map(Map.Entry::getKey)
              .toArray(Channel[]::new);
    }
    for (Channel channel : late) {
      channel.close();
    }
  }

  /** Returns the number of open connections. */
  synchronized int count() {
    return open;
  }
}
