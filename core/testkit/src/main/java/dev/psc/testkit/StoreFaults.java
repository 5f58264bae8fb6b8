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
 * What an {@link EmbeddedProfileStore} is told to do wrong. It concerns {@code WriteRaw} calls that
 * are authenticated and allowed. Scripted calls are used up in the order in which they were
 * scripted; after them {@link #refuseAll} and {@link #poison} hold. Safe for use by several
 * threads.
 */
public final class StoreFaults {

  enum Kind {
    /** Answer with the status, store nothing. */
    FAIL,
    /** Store, then answer with the status, as if the answer was lost. */
    FAIL_AFTERWARDS,
    /** Store nothing and never answer. */
    HANG
  }

  record Fault(Kind kind, Status status, @Nullable Metadata trailers) {}

  private final Deque<Fault> script = new ArrayDeque<>();
  private final List<Runnable> hung = new ArrayList<>();
  private @Nullable Fault always;
  private Duration delay = Duration.ZERO;
  private Predicate<RawProfile> poison = profile -> false;

  StoreFaults() {}

  /** Makes the next calls fail with a status; nothing of them is stored. */
  public StoreFaults failNext(int calls, Status status) {
    return failNext(calls, status, new Metadata());
  }

  /** Makes the next calls fail with a status and trailers; nothing of them is stored. */
  public synchronized StoreFaults failNext(int calls, Status status, Metadata trailers) {
    return add(calls, new Fault(Kind.FAIL, notOk(status), trailers));
  }

  /** Makes the next calls fail after what they bring was stored: a retry brings duplicates. */
  public synchronized StoreFaults failNextAfterStoring(int calls, Status status) {
    return add(calls, new Fault(Kind.FAIL_AFTERWARDS, notOk(status), null));
  }

  /** Leaves the next calls without an answer until the client or the store ends them. */
  public synchronized StoreFaults hangNext(int calls) {
    return add(calls, new Fault(Kind.HANG, Status.CANCELLED, null));
  }

  /** Makes every call fail with a status until {@link #clear}. */
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

  /** Refuses each request with a matching profile as {@code INVALID_ARGUMENT}. */
  public synchronized StoreFaults poison(Predicate<RawProfile> poison) {
    this.poison = Objects.requireNonNull(poison, "poison");
    return this;
  }

  /** Forgets everything that was told; calls that hang are failed as {@code UNAVAILABLE}. */
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
      throw new IllegalArgumentException("calls = " + calls + " must be at least 1");
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

  /** Keeps what ends a call that hangs. */
  synchronized void hung(Runnable end) {
    hung.add(end);
  }
}
