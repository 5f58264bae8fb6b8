package dev.psc.jvm;

import dev.psc.jvm.internal.runtime.OwnThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The address at which profiles are served. While it cannot be bound, e.g. because another process
 * uses it, binding is retried. Thread-safe.
 */
final class PprofEndpoint implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(PprofEndpoint.class);
  private static final long FIRST_DELAY_MILLIS = 1_000;
  private static final long MAX_DELAY_MILLIS = 30_000;

  private final InetSocketAddress wanted;
  private final PprofHandler handler;
  private final ThreadFactory threads;
  private final PprofToken token;
  private @Nullable PprofServer server;
  private @Nullable String problem;
  private boolean closed;

  private PprofEndpoint(
      InetSocketAddress wanted, PprofHandler handler, ThreadFactory threads, PprofToken token) {
    this.wanted = wanted;
    this.handler = handler;
    this.threads = threads;
    this.token = token;
  }

  /**
   * Serves profiles, now or as soon as the address can be bound.
   *
   * @param strict whether the address must be bound now
   * @throws IOException if strict and the address cannot be bound
   */
  static PprofEndpoint start(
      InetSocketAddress address,
      PprofHandler handler,
      ThreadFactory threads,
      PprofToken token,
      boolean strict)
      throws IOException {
    PprofEndpoint endpoint = new PprofEndpoint(address, handler, threads, token);
    token.problem().ifPresent(problem -> logger.warn("Requests are rejected: {}", problem));
    try {
      endpoint.bind();
    } catch (IOException e) {
      if (strict) {
        throw e;
      }
      logger.warn("{}; retrying", e.getMessage());
      endpoint.failed(e);
      OwnThreads.thread(threads, "psc-pprof-bind", endpoint::retry).start();
    }
    return endpoint;
  }

  private synchronized void bind() throws IOException {
    if (!closed) {
      server =
          PprofServer.start(wanted, handler, threads, token.isRequired(), PprofServer.HEAD_TIMEOUT);
      problem = null;
    }
  }

  private synchronized void failed(IOException failure) {
    problem = failure.getMessage();
  }

  private void retry() {
    long delay = FIRST_DELAY_MILLIS;
    while (isPending()) {
      pause(delay);
      delay = Math.min(2 * delay, MAX_DELAY_MILLIS);
      try {
        bind();
        address().ifPresent(bound -> logger.info("Profiles are now served at {}", bound));
      } catch (IOException e) {
        failed(e);
      }
    }
  }

  private synchronized boolean isPending() {
    return server == null && !closed;
  }

  private synchronized void pause(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    try {
      for (long left = end - System.nanoTime();
          !closed && left > 0;
          left = end - System.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      logger.debug("Interrupted; only close() ends this thread", e);
    }
  }

  /** Returns the bound address, with the actual port. */
  synchronized Optional<InetSocketAddress> address() {
    return Optional.ofNullable(server).map(PprofServer::address);
  }

  /** Returns the reason why no profile can be read from the address, if there is one. */
  Optional<String> problem() {
    synchronized (this) {
      if (problem != null) {
        return Optional.of(problem);
      }
    }
    return token.problem();
  }

  @Override
  public void close() {
    PprofServer bound;
    synchronized (this) {
      closed = true;
      bound = server;
      notifyAll();
    }
    if (bound != null) {
      bound.close();
    }
  }
}
