package dev.psc.opentelemetry;

import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextStorage;
import io.opentelemetry.context.Scope;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Sees which context is current on each thread. The storage that OpenTelemetry has by default is
 * replaced by an equal one, so that an attach costs no further object. Any other storage is
 * wrapped, at one further object per attach while capturing. Thread-safe.
 */
abstract class TracingContextStorage implements ContextStorage {

  private static final AtomicBoolean INSTALLED = new AtomicBoolean();

  /** True once OpenTelemetry has requested the storage, at its first use of a context. */
  private static volatile boolean used;

  private TracingContextStorage() {}

  /**
   * Makes OpenTelemetry use this storage. Call it before its first use of a context: later calls
   * have no effect, except for a warning that OpenTelemetry logs.
   */
  static void install() {
    if (INSTALLED.compareAndSet(false, true)) {
      ContextStorage.addWrapper(TracingContextStorage::over);
    }
  }

  /** Returns whether contexts are seen. */
  static boolean isUsed() {
    return used;
  }

  private static ContextStorage over(ContextStorage storage) {
    used = true;
    return storage == ContextStorage.defaultStorage() ? new OfThreads() : new Wrapping(storage);
  }

  /** Keeps the current context in a thread local, as OpenTelemetry does by default. */
  private static final class OfThreads extends TracingContextStorage {

    private static final ThreadLocal<Context> CURRENT = new ThreadLocal<>();

    @Override
    public Scope attach(@Nullable Context toAttach) {
      if (toAttach == null) {
        return Scope.noop();
      }
      Context before = CURRENT.get();
      if (toAttach == before) {
        return Scope.noop();
      }
      CURRENT.set(toAttach);
      if (SpanTimeline.capturing) {
        SpanTimeline.current(toAttach);
      }
      return new Attached(before, toAttach);
    }

    @Override
    public @Nullable Context current() {
      return CURRENT.get();
    }

    private static final class Attached implements Scope {

      private final @Nullable Context before;
      private final Context attached;
      private boolean closed;

      Attached(@Nullable Context before, Context attached) {
        this.before = before;
        this.attached = attached;
      }

      /** Closes the scope; has no effect on another thread, or while another context is current. */
      @Override
      public void close() {
        if (closed || CURRENT.get() != attached) {
          return;
        }
        closed = true;
        CURRENT.set(before);
        if (SpanTimeline.capturing) {
          SpanTimeline.current(before);
        }
      }
    }
  }

  /** A storage that delegates to another one and then reads the current context. */
  private static final class Wrapping extends TracingContextStorage {

    private final ContextStorage storage;

    Wrapping(ContextStorage storage) {
      this.storage = storage;
    }

    @Override
    public Scope attach(Context toAttach) {
      Scope scope = storage.attach(toAttach);
      if (!SpanTimeline.capturing || scope == Scope.noop()) {
        return scope;
      }
      SpanTimeline.current(storage.current());
      return () -> {
        scope.close();
        if (SpanTimeline.capturing) {
          SpanTimeline.current(storage.current());
        }
      };
    }

    @Override
    public @Nullable Context current() {
      return storage.current();
    }

    @Override
    public Context root() {
      return storage.root();
    }
  }
}
