package dev.psc.scrape.internal.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the address of a host that accepts connections first. Each address gets a head start over
 * the next one, which ends when its connection fails (RFC 8305). The connections are closed
 * immediately: they only decide where the request goes.
 */
final class ConnectRace {

  private static final long HEAD_START_MILLIS = 250;

  private final List<InetAddress> addresses;
  private final int port;
  private final AsynchronousChannelGroup group;
  private final ScheduledExecutorService scheduler;
  private final CompletableFuture<Optional<InetAddress>> winner = new CompletableFuture<>();

  // Guarded by this.
  private final List<AsynchronousSocketChannel> open = new ArrayList<>();
  private int next;
  private int failed;
  private @Nullable Future<?> headStart;

  private ConnectRace(
      List<InetAddress> addresses,
      int port,
      AsynchronousChannelGroup group,
      ScheduledExecutorService scheduler) {
    this.addresses = addresses;
    this.port = port;
    this.group = group;
    this.scheduler = scheduler;
  }

  /**
   * Starts a race.
   *
   * @return completes with the first address that accepts, or with nothing when none does in time
   */
  static CompletableFuture<Optional<InetAddress>> start(
      List<InetAddress> addresses,
      int port,
      AsynchronousChannelGroup group,
      ScheduledExecutorService scheduler,
      long timeoutNanos) {
    ConnectRace race = new ConnectRace(addresses, port, group, scheduler);
    Future<?> deadline =
        scheduler.schedule(
            () -> race.winner.complete(Optional.empty()), timeoutNanos, TimeUnit.NANOSECONDS);
    CompletableFuture<?> unused =
        race.winner.whenComplete(
            (address, failure) -> {
              deadline.cancel(false);
              race.closeAll();
            });
    race.startNext();
    return race.winner;
  }

  private void startNext() {
    InetAddress address;
    synchronized (this) {
      if (headStart != null) {
        headStart.cancel(false);
        headStart = null;
      }
      if (next == addresses.size() || winner.isDone()) {
        return;
      }
      address = addresses.get(next++);
      if (next < addresses.size()) {
        try {
          headStart = scheduler.schedule(this::startNext, HEAD_START_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
          winner.complete(Optional.empty());
          return;
        }
      }
    }
    connect(address);
  }

  private void connect(InetAddress address) {
    AsynchronousSocketChannel channel = null;
    try {
      channel = AsynchronousSocketChannel.open(group);
      synchronized (this) {
        open.add(channel);
      }
      channel.connect(
          new InetSocketAddress(address, port),
          null,
          new CompletionHandler<Void, Void>() {
            @Override
            public void completed(Void result, Void attachment) {
              winner.complete(Optional.of(address));
            }

            @Override
            public void failed(Throwable failure, Void attachment) {
              lost();
            }
          });
    } catch (IOException | RuntimeException e) {
      // No file descriptor is left, or the address is not of a kind that this machine connects to.
      lost();
    }
    if (winner.isDone()) {
      closeAll();
    }
  }

  private void lost() {
    boolean all;
    synchronized (this) {
      failed++;
      all = failed == addresses.size();
    }
    if (all) {
      winner.complete(Optional.empty());
    } else {
      startNext();
    }
  }

  private void closeAll() {
    List<AsynchronousSocketChannel> channels;
    synchronized (this) {
      channels = List.copyOf(open);
      open.clear();
      if (headStart != null) {
        headStart.cancel(false);
      }
    }
    for (AsynchronousSocketChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException ignored) {
        // The connection is gone, which is all that closing is for.
      }
    }
  }
}
