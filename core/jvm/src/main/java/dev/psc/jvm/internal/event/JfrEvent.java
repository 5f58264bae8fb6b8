package dev.psc.jvm.internal.event;

import org.jspecify.annotations.Nullable;

/**
 * An event as it is counted, of a live stream or of a file: valid until the next one. Stacks are
 * numbers of the aggregator that its source was made for. Asking for the value of a field that the
 * event does not have, or of another kind, is an {@link IllegalArgumentException}.
 */
public interface JfrEvent {

  boolean has(JfrField field);

  long number(JfrField field);

  double decimal(JfrField field);

  boolean flag(JfrField field);

  @Nullable String text(JfrField field);

  /** Returns a length of time in nanoseconds. */
  long nanos(JfrField field);

  /** Returns the thread of a field; one without an id where there is none. */
  JfrThreads.Known thread(JfrField field);

  /** Returns the class of a field; the same object for the same class, for a while. */
  @Nullable JfrClass type(JfrField field);

  /** Returns the class of an old object. */
  @Nullable JfrClass typeOfObject();

  /** Returns the class and the field that hold an old object, if the event has its referrers. */
  @Nullable String ownerOfObject();

  boolean hasStack();

  /** Returns the number of its stack, {@code [no stack]} where there is none. */
  int stack();

  /** Returns when it began, in nanoseconds since 1970. */
  long startNanos();

  long durationNanos();
}
