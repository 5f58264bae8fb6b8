package dev.psc.jvm;

import dev.psc.jvm.internal.label.AgentLabels;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.label.LabelSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Labels for what a thread does: samples that the profiler of this JVM takes of the thread while a
 * scope is open carry the scope's labels, in {@code process_cpu}, {@code memory}, {@code mutex},
 * {@code block}, {@code wall}, {@code exceptions} and {@code goroutine} alike.
 *
 * <pre>{@code
 * ProfileLabels.run(LabelSet.of("route", "/checkout"), () -> handle(request));
 * }</pre>
 *
 * <p>Scopes nest: an inner one has the outer one's labels too, and wins where both set one. Labels
 * belong to the Java thread, virtual ones included, not to what carries it. Values should be few,
 * such as routes and job names: a capture keeps 10,000 distinct sets, and further ones are left out
 * of samples. While nothing is captured all of this does nothing.
 *
 * <p>Thread-safe; nothing here throws, except what the tasks throw.
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
   * Gives this thread labels until the scope is closed. A scope that is never closed ends with the
   * one around it, or with the thread.
   */
  public static Scope scope(LabelSet labels) {
    ThreadLabels.Entry entry = ThreadLabels.SHARED.open(labels);
    if (entry != null) {
      return new Scope(entry::close);
    }
    if (ThreadLabels.SHARED.isActive() || labels.isEmpty()) {
      return NOTHING;
    }
    Runnable closing = AgentLabels.open(labels);
    return closing == null ? NOTHING : new Scope(closing);
  }

  /** Returns the labels that this thread has now; none while nothing is captured. */
  public static LabelSet current() {
    return ThreadLabels.SHARED.isActive() ? ThreadLabels.SHARED.current() : AgentLabels.current();
  }

  /** Returns a task that runs with the labels that this thread has now, on whatever thread. */
  public static Runnable wrap(Runnable task) {
    LabelSet labels = current();
    return labels.isEmpty() ? task : () -> run(labels, task);
  }

  /** Returns a task that runs with the labels that this thread has now, on whatever thread. */
  public static <T extends @Nullable Object> Callable<T> wrapCallable(Callable<T> task) {
    LabelSet labels = current();
    return labels.isEmpty() ? task : () -> call(labels, task);
  }

  /**
   * Returns an executor whose tasks have the labels of the thread that hands them in. What it runs
   * on stays the caller's: shutting either down shuts down both.
   */
  public static ExecutorService wrapExecutor(ExecutorService executor) {
    return new LabelledExecutor(executor);
  }

  /** Labels of a thread until it is closed, by any thread; closing twice does nothing. */
  public static final class Scope implements AutoCloseable {

    private final @Nullable Runnable closing;

    private Scope(@Nullable Runnable closing) {
      this.closing = closing;
    }

    /** Gives the thread back the labels that it had before. */
    @Override
    public void close() {
      if (closing != null) {
        closing.run();
      }
    }
  }
}
