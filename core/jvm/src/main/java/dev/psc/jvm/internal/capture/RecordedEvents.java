package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.event.JfrClass;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.internal.event.JfrThreads;
import dev.psc.jvm.internal.event.OldObjectOwner;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.time.Instant;
import java.util.function.LongPredicate;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedObject;
import jdk.jfr.consumer.RecordedThread;
import org.jspecify.annotations.Nullable;

/** A reusable view of the JDK's events for counting. Guarded by the aggregator's lock. */
public final class RecordedEvents implements JfrEvent {

  private static final int MAX_CACHED = 8_192;
  private static final @Nullable MethodHandle IS_VIRTUAL = isVirtual();

  private final JfrStacks stacks;
  private final JfrThreads threads;
  private final ConstantCache<RecordedThread, JfrThreads.Known> knownThreads =
      new ConstantCache<>(MAX_CACHED);
  private final ConstantCache<RecordedClass, JfrClass> knownClasses =
      new ConstantCache<>(MAX_CACHED);

  @SuppressWarnings("NullAway.Init") // of(..) is called before any accessor
  private RecordedEvent event;

  /**
   * @param own whether an id is that of one of the profiler's threads
   */
  public RecordedEvents(Aggregator aggregator, LongPredicate own, boolean threadNames) {
    stacks = new JfrStacks(aggregator);
    threads = new JfrThreads(aggregator.labels(), own, threadNames);
  }

  /** Returns this view, set to an event. */
  public JfrEvent of(RecordedEvent next) {
    event = next;
    return this;
  }

  @Override
  public boolean has(JfrField field) {
    return event.hasField(field.jfrName());
  }

  @Override
  public long number(JfrField field) {
    return event.getLong(field.jfrName());
  }

  @Override
  public double decimal(JfrField field) {
    return event.getDouble(field.jfrName());
  }

  @Override
  public boolean flag(JfrField field) {
    return event.getBoolean(field.jfrName());
  }

  @Override
  public @Nullable String text(JfrField field) {
    return event.getString(field.jfrName());
  }

  @Override
  public long nanos(JfrField field) {
    return event.getDuration(field.jfrName()).toNanos();
  }

  @Override
  public JfrThreads.Known thread(JfrField field) {
    RecordedThread thread;
    if (field == JfrField.EVENT_THREAD) {
      thread = event.getThread();
    } else {
      thread = has(field) ? event.getThread(field.jfrName()) : null;
    }
    return thread == null ? threads.none() : knownThreads.get(thread, this::known);
  }

  private JfrThreads.Known known(RecordedThread thread) {
    return threads.of(
        thread.getJavaThreadId(), thread.getJavaName(), thread.getOSName(), isVirtual(thread));
  }

  @Override
  public @Nullable JfrClass type(JfrField field) {
    return known(event.getClass(field.jfrName()));
  }

  @Override
  public @Nullable JfrClass typeOfObject() {
    Object object = event.getValue(JfrField.OBJECT.jfrName());
    return object instanceof RecordedObject old
            && old.getValue("type") instanceof RecordedClass type
        ? known(type)
        : null;
  }

  @Override
  public @Nullable String ownerOfObject() {
    OldObjectOwner owner = new OldObjectOwner();
    Object object = event.getValue(JfrField.OBJECT.jfrName());
    while (object instanceof RecordedObject held
        && held.getValue("referrer") instanceof RecordedObject reference) {
      String field =
          reference.getValue("field") instanceof RecordedObject described
              ? described.getString("name")
              : null;
      object = reference.getValue("object");
      if (!(object instanceof RecordedObject holder)) {
        break;
      }
      JfrClass type =
          holder.getValue("type") instanceof RecordedClass recorded ? known(recorded) : null;
      if (!owner.add(type, field, holder.getString("description"))) {
        break;
      }
    }
    return owner.owner();
  }

  private @Nullable JfrClass known(@Nullable RecordedClass type) {
    return type == null ? null : knownClasses.get(type, unknown -> new JfrClass(unknown.getName()));
  }

  @Override
  public boolean hasStack() {
    return event.getStackTrace() != null;
  }

  @Override
  public int stack() {
    return stacks.stack(event.getStackTrace());
  }

  @Override
  public long startNanos() {
    Instant time = event.getStartTime();
    return time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }

  @Override
  public long durationNanos() {
    return event.getDuration().toNanos();
  }

  /** Returns the number of truncated stacks. */
  long truncatedStacks() {
    return stacks.truncated();
  }

  /** Releases the JDK's objects, which keep the constants of their chunk alive. */
  void clear() {
    stacks.clear();
    knownThreads.clear();
    knownClasses.clear();
  }

  private static boolean isVirtual(RecordedThread thread) {
    if (IS_VIRTUAL == null) {
      return false;
    }
    try {
      return (boolean) IS_VIRTUAL.invokeExact(thread);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("RecordedThread.isVirtual failed", e);
    }
  }

  private static @Nullable MethodHandle isVirtual() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(RecordedThread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (ReflectiveOperationException e) {
      return null; // before JDK 21 there are no virtual threads
    }
  }
}
