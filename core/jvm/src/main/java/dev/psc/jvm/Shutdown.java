package dev.psc.jvm;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.jvm.internal.runtime.JvmExit;
import dev.psc.jvm.internal.runtime.OwnThreads;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** The end of profiling: by a call, or at the exit of the JVM. Thread-safe. */
final class Shutdown {

  /** The longest delay of an exit while the store does not accept profiles. */
  private static final Duration EXIT_TIMEOUT = Duration.ofMillis(1_200);

  private final Profiler profiler;
  private final @Nullable PprofEndpoint endpoint;
  private final @Nullable Pusher pusher;
  private final @Nullable Delivery delivery;
  private @Nullable Thread exitHook;
  private boolean closed;

  Shutdown(
      Profiler profiler,
      @Nullable PprofEndpoint endpoint,
      @Nullable Pusher pusher,
      @Nullable Delivery delivery) {
    this.profiler = profiler;
    this.endpoint = endpoint;
    this.pusher = pusher;
    this.delivery = delivery;
  }

  void close(boolean exiting) {
    Thread hook;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      hook = exitHook;
    }
    if (hook != null && !exiting) {
      exiting = !JvmExit.remove(hook);
    }
    if (endpoint != null) {
      endpoint.close();
    }
    if (pusher != null) {
      pusher.close(exiting);
    }
    if (delivery != null) {
      if (exiting && delivery.snapshot().state() != DeliveryState.SENDING) {
        delivery.close(EXIT_TIMEOUT);
      } else {
        delivery.close();
      }
    }
    if (!exiting) {
      profiler.close();
    }
  }

  void closeAtExit(ThreadFactory threadFactory) {
    Thread hook = OwnThreads.thread(threadFactory, "psc-jvm-exit", () -> close(true));
    synchronized (this) {
      exitHook = hook;
    }
    if (!JvmExit.add(hook)) {
      close(true);
    }
  }
}
