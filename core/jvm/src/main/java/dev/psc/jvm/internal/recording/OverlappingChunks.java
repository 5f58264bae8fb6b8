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
import java.nio.file.Path;
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
 * both wrote, or in another file of the same group. Where the vendor's chunk has a profile, events
 * of the JDK for the same profile and time are left out, because they count the same fact again.
 * Not thread-safe.
 */
final class OverlappingChunks {

  /** No chunks that overlap. */
  static final OverlappingChunks NONE =
      new OverlappingChunks(List.of(), RecordingGroup.Member.ALONE);

  private final List<Covered> vendors;
  private final RecordingGroup.Member member;
  private final Map<String, LeftOut> leftOut = new TreeMap<>();
  private boolean forOthers;

  /** The time and the profiles of a vendor's chunk. */
  private record Covered(
      JfrFile.Chunk chunk, Set<JvmProfile> profiles, @Nullable Path file, boolean assumed) {
    boolean has(JvmProfile profile, long nanos) {
      return profiles.contains(profile) && nanos >= chunk.startNanos() && nanos <= chunk.endNanos();
    }
  }

  /** The events of a type that were left out for the chunks of one file. */
  private static final class LeftOut {
    private final String name;
    private final Covered vendor;
    private long count;

    LeftOut(String name, Covered vendor) {
      this.name = name;
      this.vendor = vendor;
    }
  }

  private OverlappingChunks(List<Covered> vendors, RecordingGroup.Member member) {
    this.vendors = vendors;
    this.member = member;
  }

  /**
   * Finds the vendors' chunks; reads events only where chunks overlap.
   *
   * @param member chunks of other files
   */
  static OverlappingChunks find(
      JfrFile file, CaptureSettings settings, RecordingGroup.Member member) throws IOException {
    List<Covered> vendors = new ArrayList<>();
    for (JfrFile.Chunk chunk : overlapping(file.chunks())) {
      try {
        ChunkOrigin origin = new JfrFileReader(settings).origin(file, chunk);
        if (!origin.vendorProfiles().isEmpty()) {
          vendors.add(new Covered(chunk, origin.vendorProfiles(), null, false));
        }
      } catch (ClosedChannelException e) {
        throw e; // the thread was interrupted
      } catch (IOException | RuntimeException ignored) {
        // The reader reports it.
      }
    }
    return vendors.isEmpty() && !member.hasForeign()
        ? NONE
        : new OverlappingChunks(vendors, member);
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
    List<Covered> others = new ArrayList<>(vendors);
    // In one chunk the converter chooses.
    others.removeIf(vendor -> vendor.chunk.equals(header));
    for (RecordingGroup.Foreign foreign : member.foreign(header)) {
      others.add(
          new Covered(foreign.chunk(), foreign.profiles(), foreign.file(), foreign.assumed()));
    }
    if (others.isEmpty()
        || handler == null
        || profile == null
        || !chunk.describes(ChunkOrigin.OF_THE_JDK)) {
      return handler;
    }
    Predicate<JfrEvent> same =
        name.endsWith("ThreadPark") ? OverlappingChunks::isLock : event -> true;
    return event -> {
      Covered vendor = same.test(event) ? covering(others, profile, event.startNanos()) : null;
      if (vendor == null) {
        handler.accept(event);
      } else {
        leaveOut(name, vendor);
      }
    };
  }

  private static @Nullable Covered covering(List<Covered> vendors, JvmProfile profile, long nanos) {
    for (Covered vendor : vendors) {
      if (vendor.has(profile, nanos)) {
        return vendor;
      }
    }
    return null;
  }

  private void leaveOut(String name, Covered vendor) {
    forOthers |= vendor.file != null;
    String key = vendor.file == null ? name : name + " " + vendor.file;
    leftOut.computeIfAbsent(key, added -> new LeftOut(name, vendor)).count++;
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

  /** Returns whether events were left out that another file has. */
  boolean leftOutForOthers() {
    return forOthers;
  }

  /** Adds a remark for each type of event of which some were left out. */
  void addRemarks(List<String> remarks) {
    for (LeftOut left : leftOut.values()) {
      String why =
          left.vendor.file == null
              ? "another profiler's chunk has the same time"
              : "another profiler's recording "
                  + left.vendor.file
                  + " has the same time"
                  + (left.vendor.assumed
                      ? "; both are assumed to be of the same process, which is not stated"
                      : "");
      remarks.add(left.name + ": " + left.count + " events are left out, because " + why);
    }
  }
}
