package dev.psc.jvm.profile;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A source of the span that was current on a thread at a given time, such as psc-opentelemetry. A
 * source on the class path is found by {@link java.util.ServiceLoader} when profiling starts;
 * others are registered with {@code ProfileTraces.register}. Implementations are thread-safe and do
 * not throw.
 */
public interface TraceContextSource {

  /**
   * Returns a source for a profiler and a tracer that are in different class loaders and share the
   * types of the JDK only. The function takes {@code "capturing", Boolean}, {@code "sweep"}, or
   * {@code "at", Long threadId, Long epochNanos}. The last one returns the trace id in two parts,
   * the span id, the root span's id, all as {@code Long}, and the root span's name or null; or null
   * if there is no span.
   */
  static TraceContextSource acrossClassLoaders(Function<Object[], ?> spans) {
    return new RemoteTraces(spans);
  }

  /**
   * Called when the first capture of this JVM starts and when the last one ends. Without a capture,
   * a source should do no work.
   */
  void capturing(boolean active);

  /**
   * Returns the span that was current on a thread at a time, or null if there was none. Called for
   * each sample, about one or two seconds after it was taken.
   *
   * @param threadId the id of the Java thread, which may be virtual
   * @param epochNanos nanoseconds since 1970
   */
  @Nullable TraceContext at(long threadId, long epochNanos);

  /** Called about once per second during a capture, to forget threads that have ended. */
  default void sweep() {}
}
