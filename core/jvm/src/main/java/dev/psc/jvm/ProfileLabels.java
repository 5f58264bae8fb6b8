package dev.psc.jvm;

import dev.psc.jvm.internal.label.AgentLabels;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.label.LabelSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Labels of the current thread. Samples that the profiler of this JVM takes of a thread while a
 * scope is open have the scope's labels, in {@code process_cpu}, {@code memory}, {@code mutex},
 * {@code block}, {@code wall}, {@code exceptions} and {@code goroutine}.
 *
 * <pre>{@code
 * ProfileLabels.run(LabelSet.of("route", "/checkout"), () -> handle(request));
 * }</pre>
 *
 * <p>Scopes nest: an inner scope inherits the labels of the outer one and overrides equal names.
 * Labels belong to the Java thread, not to the carrier of a virtual thread. Use few distinct
 * values, such as routes and job names: a capture keeps 10,000 distinct sets, and samples do not
 * get further ones. Without a running {@link JvmProfiling}, labels have no effect.
 *
 * <p>Thread-safe. No method throws, except for exceptions of the tasks.
 */
public final class ProfileLabels {

  private static final Scope NOTHING = new Scope(null);

  private ProfileLabels() {}

  /** Runs a task with labels. */
  public static void run(LabelSet labels, Runnable task) {
    Scope scope = scope(labels);
    try {
      task.run();
    } finally {
      scope.close();
    }
  }

  /**
   * Runs a task with labels and returns its result.
   *
   * @throws Exception whatever the task throws
   */
  public static <T extends @Nullable Object> T call(LabelSet labels, Callable<T> task)
      throws Exception {
    Scope scope = scope(labels);
    try {
      return task.call();
    } finally {
      scope.close();
    }
  }

  /**
   * Sets labels of this thread until the scope is closed. A scope that is never closed ends with
   * the enclosing scope or with the thread.
   */
  public static Scope scope(LabelSet labels) {
    ThreadLabels own = ThreadLabels.SHARED;
    ThreadLabels.Entry entry = own.open(labels);
    // Without a capture of this copy, the next one may be that of an agent.
    Runnable forwarded = own.isCaptured() || labels.isEmpty() ? null : AgentLabels.open(labels);
    if (entry == null) {
      return forwarded == null ? NOTHING : new Scope(forwarded);
    }
    if (forwarded == null) {
      return new Scope(entry::close);
    }
    return new Scope(
        () -> {
          forwarded.run();
          entry.close();
        });
  }

  /** Returns the current labels of this thread; none without a running profiler. */
  public static LabelSet current() {
    return ThreadLabels.SHARED.isActive() ? ThreadLabels.SHARED.current() : AgentLabels.current();
  }

  /** Returns a task that runs with the current labels of this thread, on any thread. */
  public static Runnable wrap(Runnable task) {
    LabelSet labels = current();
    return labels.isEmpty() ? task : () -> run(labels, task);
  }

  /** Returns a task that runs with the current labels of this thread, on any thread. */
  public static <T extends @Nullable Object> Callable<T> wrapCallable(Callable<T> task) {
    LabelSet labels = current();
    return labels.isEmpty() ? task : () -> call(labels, task);
  }

  /**
   * Returns an executor whose tasks have the labels of the submitting thread. Shutting down either
   * executor shuts down both.
   */
  public static ExecutorService wrapExecutor(ExecutorService executor) {
    return new LabelledExecutor(executor);
  }

  /** A scope of labels of a thread. Any thread may close it; a second close has no effect. */
  public static final class Scope implements AutoCloseable {

    private final @Nullable Runnable closing;

    private Scope(@Nullable Runnable closing) {
      this.closing = closing;
    }

    /** Restores the previous labels of the thread. */
    @Override
    public void close() {
      if (closing != null) {
        closing.run();
      }
    }
  }
}
