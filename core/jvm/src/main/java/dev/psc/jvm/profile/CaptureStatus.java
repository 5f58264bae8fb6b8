package dev.psc.jvm.profile;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A snapshot of the status and cost of the event capture. Immutable.
 *
 * @param since the start of the capture
 * @param profiles the profiles that are counted now
 * @param engine the source of events, e.g. {@code jfr} or {@code async-profiler 4.5}; for {@code
 *     jfr} in place of async-profiler with the reason
 * @param cpuSource the event of CPU samples, e.g. {@code jdk.CPUTimeSample}; {@code
 *     jdk.ExecutionSample} where the former delivers no samples, with the reason in {@code
 *     lastError}
 * @param stackDepth the configured stack depth, or 0 if the flight recorder was already initialized
 *     with another depth
 * @param lateStart whether the start of the flight recorder discarded the compiled code of a warm
 *     JVM
 * @param otherRecordings names of the other recordings in this JVM, whose settings the JDK merges
 *     with those of this capture
 * @param lockThreshold the shortest wait for a lock that is counted now; it rises under load
 * @param allocationsPerSecond the current limit of allocation samples; it falls while they cost too
 *     much
 * @param events events counted
 * @param lag how long after the newest event it was counted
 * @param stacks distinct stacks in memory
 * @param foldedSamples samples that were added to {@code [other]} for lack of room
 * @param refusedLabels samples and scopes without their labels for lack of room
 * @param truncatedStacks distinct stacks that were deeper than the limit
 * @param lostSamples CPU samples that the JVM reports as lost
 * @param lostMarks window ends that never arrived because the stream fell behind or failed
 * @param restarts the number of times the stream failed and was restarted
 * @param ownCpu CPU time of the profiler's and the flight recorder's Java threads
 * @param ownAllocatedBytes bytes allocated by those threads
 * @param lastError the last failure, if there was one
 */
public record CaptureStatus(
    Instant since,
    Set<JvmProfile> profiles,
    String engine,
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
