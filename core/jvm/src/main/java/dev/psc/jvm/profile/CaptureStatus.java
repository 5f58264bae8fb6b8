package dev.psc.jvm.profile;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the capture of events does and costs, at one moment. Immutable.
 *
 * @param since when it began
 * @param profiles what is being counted now
 * @param cpuSource the event that CPU samples come from, e.g. {@code jdk.CPUTimeSample}
 * @param stackDepth the stack depth that was asked for in time, or 0 if the flight recorder was
 *     running already, with its own depth
 * @param lateStart whether the flight recorder started in a warm JVM that lost its compiled code
 * @param otherRecordings names of the recordings that others run in this JVM: their settings are
 *     merged with ours
 * @param lockThreshold shortest wait for a lock that is counted now; it rises under load
 * @param allocationsPerSecond how many samples of allocations are asked for now; fewer while they
 *     cost too much
 * @param events events counted
 * @param lag how long after the newest event it was counted
 * @param stacks distinct stacks in memory
 * @param foldedSamples samples that were added to {@code [other]} for lack of room
 * @param refusedLabels samples and scopes without their labels for lack of room
 * @param truncatedStacks distinct stacks that were deeper than the limit
 * @param lostSamples CPU samples that the JVM reports as lost
 * @param lostMarks window ends that never arrived because the stream fell behind or died
 * @param restarts how many times the stream died and was started again
 * @param ownCpu CPU time of the profiler's and the flight recorder's Java threads
 * @param ownAllocatedBytes what those threads have allocated
 * @param lastError the last failure, if there was one
 */
public record CaptureStatus(
    Instant since,
    Set<JvmProfile> profiles,
    String cpuSource,
    int stackDepth,
    boolean lateStart,
    List<String> otherRecordings,
    Duration lockThreshold,
    int allocationsPerSecond,
    long events,
    Duration lag,
    int stacks,
    long foldedSamples,
    long refusedLabels,
    long truncatedStacks,
    long lostSamples,
    long lostMarks,
    long restarts,
    Duration ownCpu,
    long ownAllocatedBytes,
    Optional<String> lastError) {

  /** Copies the collections. */
  public CaptureStatus {
    profiles = Set.copyOf(profiles);
    otherRecordings = List.copyOf(otherRecordings);
  }
}
