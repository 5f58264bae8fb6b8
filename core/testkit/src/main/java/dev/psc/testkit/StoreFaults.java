package dev.psc.testkit;

import dev.psc.delivery.spi.RawProfile;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The injected faults of an {@link EmbeddedProfileStore}. They apply to permitted {@code WriteRaw}
 * and OTLP calls: first the faults of the next calls, in the order of their addition, then {@link
 * #refuseAll} and {@link #poison}. Thread-safe.
 */
public final class StoreFaults {

  enum Kind {
    /** Fails without storing. */
    FAIL,
    /** Stores and then fails, as if the response was lost. */
    FAIL_AFTERWARDS,
    /** Neither stores nor responds. */
    HANG
  }

  record Fault(Kind kind, Status status, @Nullable Metadata trailers) {}

  private final Deque<Fault> script = new ArrayDeque<>();
  private final List<Runnable> hung = new ArrayList<>();
  private @Nullable Fault always;
  private Duration delay = Duration.ZERO;
  private Predicate<RawProfile> poison = profile -> false;

  StoreFaults() {}

  /** Fails the next calls with a status, without storing. */
  public StoreFaults failNext(int calls, Status status) {
    return failNext(calls, status, new Metadata());
  }

  /** Fails the next calls with a status and trailers, without storing. */
  public synchronized StoreFaults failNext(int calls, Status status, Metadata trailers) {
    return add(calls, new Fault(Kind.FAIL, notOk(status), trailers));
  }

  /** Fails the next calls after storing their profiles, so that a retry causes duplicates. */
  public synchronized StoreFaults failNextAfterStoring(int calls, Status status) {
    return add(calls, new Fault(Kind.FAIL_AFTERWARDS, notOk(status), null));
  }

  /** Leaves the next calls without a response until the client ends them, or {@link #clear}. */
  public synchronized StoreFaults hangNext(int calls) {
    return add(calls, new Fault(Kind.HANG, Status.CANCELLED, null));
  }

  /** Fails every call with a status until {@link #clear}. */
  public synchronized StoreFaults refuseAll(Status status) {
    always = new Fault(Kind.FAIL, notOk(status), null);
    return this;
  }

  /** Delays every answer until {@link #clear}. */
  public synchronized StoreFaults delay(Duration delay) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("delay must not be negative, but was " + delay);
    }
    this.delay = delay;
    return this;
  }

  /**
   * Rejects each request that contains a matching profile as {@code INVALID_ARGUMENT}. Over OTLP,
   * the other profiles of the request are stored, and the answer is a partial success.
   */
  public synchronized StoreFaults poison(Predicate<RawProfile> poison) {
    this.poison = Objects.requireNonNull(poison, "poison");
    return this;
  }

  /** Removes all faults; unanswered calls fail as {@code UNAVAILABLE}. */
  public void clear() {
    List<Runnable> ended;
    synchronized (this) {
      script.clear();
      always = null;
      delay = Duration.ZERO;
      poison = profile -> false;
      ended = List.copyOf(hung);
      hung.clear();
    }
    ended.forEach(Runnable::run);
  }

  private StoreFaults add(int calls, Fault fault) {
    if (calls < 1) {
      throw new IllegalArgumentException("calls must be at least 1, but was " + calls);
    }
    for (int i = 0; i < calls; i++) {
      script.add(fault);
    }
    return this;
  }

  private static Status notOk(Status status) {
    if (status.isOk()) {
      throw new IllegalArgumentException("status must not be OK");
    }
    return status;
  }

  synchronized @Nullable Fault next() {
    Fault scripted = script.poll();
    return scripted == null ? always : scripted;
  }

  synchronized Duration delay() {
    return delay;
  }

  synchronized Predicate<RawProfile> poison() {
    return poison;
  }

  /** Adds the action that ends an unanswered call. */
  synchronized void hung(Runnable end) {
    hung.add(end);
  }
}
