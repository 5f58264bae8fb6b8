package dev.psc.jvm;

import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.profile.TraceContextSource;
import java.util.Objects;

/**
 * The sources of the trace ids of samples. Samples of {@code process_cpu}, {@code memory}, {@code
 * mutex}, {@code block}, {@code wall} and {@code exceptions} that are pushed, or that a request
 * with {@code seconds} returns, have the labels of the span that was current on their thread.
 * Running totals have none. Thread-safe.
 */
public final class ProfileTraces {

  private ProfileTraces() {}

  /**
   * Registers a source of the spans of threads. Sources that {@link java.util.ServiceLoader} finds
   * are registered when profiling starts.
   *
   * @return an action that removes the source
   */
  public static Runnable register(TraceContextSource source) {
    return ThreadTraces.SHARED.register(Objects.requireNonNull(source, "source"));
  }
}
