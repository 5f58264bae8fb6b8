package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.IdleMethods;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.event.JfrClass;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chunks of a vendor's profiler that cover the time of chunks of the JDK, as in a recording that
 * both wrote. Where the vendor's chunk has a profile, events of the JDK for the same profile and
 * time are left out, because they count the same fact again. Not thread-safe.
 */
final class OverlappingChunks {

  /** No chunks that overlap. */
  static final OverlappingChunks NONE = new OverlappingChunks(List.of());

  /** An event that every JDK describes and no other profiler does. */
  private static final String OF_THE_JDK = "jdk.ThreadStart";

  private final List<Covered> vendors;
  private final Map<String, Long> leftOut = new TreeMap<>();

  /** The time and the profiles of a vendor's chunk. */
  private record Covered(JfrFile.Chunk chunk, Set<JvmProfile> profiles) {
    boolean has(JvmProfile profile, long nanos) {
      return profiles.contains(profile) && nanos >= chunk.startNanos() && nanos <= chunk.endNanos();
    }
  }

  private OverlappingChunks(List<Covered> vendors) {
    this.vendors = vendors;
  }

  /** Finds the vendors' chunks; reads events only where chunks overlap. */
  static OverlappingChunks find(JfrFile file, CaptureSettings settings) throws IOException {
    List<Covered> vendors = new ArrayList<>();
    for (JfrFile.Chunk chunk : overlapping(file.chunks())) {
      try {
        if (!isOfTheJdk(file, chunk, settings)) {
          vendors.add(new Covered(chunk, new JfrFileReader(settings).profiles(file, chunk)));
        }
      } catch (ClosedChannelException e) {
        throw e; // the thread was interrupted
      } catch (IOException | RuntimeException ignored) {
        // The reader reports it.
      }
    }
    return vendors.isEmpty() ? NONE : new OverlappingChunks(vendors);
  }

  private static boolean isOfTheJdk(JfrFile file, JfrFile.Chunk chunk, CaptureSettings settings)
      throws IOException {
    RecordingConverter unused = new RecordingConverter(settings);
    return new JfrChunk(file.channel(), chunk, unused.tables().stackPool(), unused.threads())
        .describes(OF_THE_JDK);
  }

  private static List<JfrFile.Chunk> overlapping(List<JfrFile.Chunk> chunks) {
    List<JfrFile.Chunk> sorted = new ArrayList<>(chunks);
    sorted.sort(Comparator.comparingLong(JfrFile.Chunk::startNanos));
    List<JfrFile.Chunk> found = new ArrayList<>();
    JfrFile.Chunk longest = null;
    boolean added = false;
    for (JfrFile.Chunk chunk : sorted) {
      if (longest != null && chunk.startNanos() < longest.endNanos()) {
        if (!added) {
          found.add(longest);
        }
        found.add(chunk);
        added = true;
        longest = chunk.endNanos() > longest.endNanos() ? chunk : longest;
      } else {
        longest = chunk;
        added = false;
      }
    }
    return found;
  }

  /** Returns a handler that leaves out the events that a vendor's chunk has. */
  @Nullable Consumer<JfrEvent> filter(
      JfrChunk chunk, JfrFile.Chunk header, String name, @Nullable Consumer<JfrEvent> handler) {
    JvmProfile profile = profile(RecordingConverter.currentName(name));
    if (vendors.isEmpty()
        || handler == null
        || profile == null
        || vendors.stream().anyMatch(vendor -> vendor.chunk.equals(header))
        || !chunk.describes(OF_THE_JDK)) {
      return handler;
    }
    Predicate<JfrEvent> same =
        name.endsWith("ThreadPark") ? OverlappingChunks::isLock : event -> true;
    return event -> {
      if (same.test(event) && covers(profile, event.startNanos())) {
        leftOut.merge(name, 1L, Long::sum);
      } else {
        handler.accept(event);
      }
    };
  }

  private boolean covers(JvmProfile profile, long nanos) {
    for (Covered vendor : vendors) {
      if (vendor.has(profile, nanos)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLock(JfrEvent park) {
    JfrClass parked = park.type(JfrField.PARKED_CLASS);
    return parked != null && IdleMethods.isLock(parked.name());
  }

  private static @Nullable JvmProfile profile(String event) {
    return switch (event) {
      case EventPlan.EXECUTION, EventPlan.CPU_TIME -> JvmProfile.PROCESS_CPU;
      case "jdk.ObjectAllocationSample",
          "jdk.ObjectAllocationInNewTLAB",
          "jdk.ObjectAllocationOutsideTLAB" ->
          JvmProfile.MEMORY;
      case "jdk.JavaMonitorEnter", "jdk.ThreadPark" -> JvmProfile.MUTEX;
      default -> null;
    };
  }

  /** Adds a remark for each type of event of which some were left out. */
  void addRemarks(List<String> remarks) {
    leftOut.forEach(
        (name, count) ->
            remarks.add(
                name
                    + ": "
                    + count
                    + " events are left out, because another profiler's chunk has the same time"));
  }
}
