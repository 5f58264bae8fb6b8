package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.profile.JvmProfile;
import java.util.List;

/**
 * Counts async-profiler's samples of native allocations and its releases. The profiler records one
 * allocation per interval of allocated bytes, so a smaller one represents the whole interval.
 */
final class NativeMemory {

  private final Sums allocated;
  private final NativeAllocations allocations = NativeAllocations.ofHeap();
  private long interval;
  private boolean unknownInterval;

  NativeMemory(Aggregator tables) {
    allocated = new Sums(tables, JvmProfile.NATIVE_MEMORY);
  }

  /**
   * Counts an allocation.
   *
   * @param intervalBytes the sampling interval, or 0 if it is not known
   */
  void allocated(JfrEvent event, long intervalBytes) {
    long size = event.number(JfrField.SIZE);
    long bytes = Math.max(size, intervalBytes);
    long objects = size <= 0 ? 1 : Math.max(1, Math.round((double) bytes / size));
    int stack = event.stack();
    allocated.add(JvmProfile.NATIVE_MEMORY, event, stack, objects, bytes);
    allocations.allocated(
        event.number(JfrField.ADDRESS),
        event.startNanos(),
        stack,
        Sums.labels(event),
        objects,
        bytes);
    interval = Math.max(interval, intervalBytes);
    unknownInterval |= intervalBytes == 0;
  }

  void released(JfrEvent event) {
    allocations.released(event.number(JfrField.ADDRESS), event.startNanos());
  }

  long folded() {
    return allocated.folded();
  }

  /** Adds the sums to a result. */
  void end(RecordingResult result, List<String> remarks) {
    if (!allocated.has(JvmProfile.NATIVE_MEMORY)) {
      return;
    }
    result.add(allocated, JvmProfile.NATIVE_MEMORY);
    allocations.addInUse(result.nativeInUse().table(JvmProfile.NATIVE_MEMORY));
    if (allocations.isIncomplete()) {
      remarks.add("native_memory: inuse values are too low, because too many allocations are live");
    }
    if (unknownInterval) {
      String unscaled =
          "values are those of the recorded allocations, because the recording does not state the"
              + " sampling interval";
      result.nativeComment(unscaled);
      remarks.add("native_memory: " + unscaled);
    } else {
      result.nativeComment(
          interval == 1
              ? "values are exact: every allocation was recorded"
              : "values are estimates: one allocation per "
                  + interval
                  + " allocated bytes was recorded");
    }
  }
}
