package dev.psc.jvm.internal.event;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How events are captured and counted.
 *
 * @param cpuPeriod distance between two CPU samples of a busy thread
 * @param allocationsPerSecond most allocation samples per second
 * @param exactAllocations count every allocation of a TLAB instead of samples
 * @param lockThreshold shortest wait for a lock that is counted
 * @param blockThreshold shortest sleep, socket or file wait that is counted
 * @param stackDepth most frames of a stack
 * @param repository directory for the JDK's working files, or null for one under the temporary
 *     directory
 * @param allocatedClass whether the allocated class is a leaf frame
 * @param idleThreads whether pool threads that wait for work are counted
 * @param ownThreads whether the profiler's own threads are counted as any other
 * @param threadNames whether samples have the label {@code thread}
 */
public record CaptureSettings(
    Duration cpuPeriod,
    int allocationsPerSecond,
    boolean exactAllocations,
    Duration lockThreshold,
    Duration blockThreshold,
    int stackDepth,
    @Nullable Path repository,
    boolean allocatedClass,
    boolean idleThreads,
    boolean ownThreads,
    boolean threadNames) {

  public static final CaptureSettings DEFAULT =
      new CaptureSettings(
          Duration.ofMillis(10),
          300,
          false,
          Duration.ofMillis(1),
          Duration.ofMillis(10),
          256,
          null,
          false,
          false,
          false,
          false);

  public CaptureSettings withCpuPeriod(Duration value) {
    return new CaptureSettings(
        value,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withAllocationsPerSecond(int value) {
    return new CaptureSettings(
        cpuPeriod,
        value,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withExactAllocations(boolean value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        value,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withLockThreshold(Duration value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        value,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withBlockThreshold(Duration value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        value,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withStackDepth(int value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        value,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withRepository(Path value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        value,
        allocatedClass,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withAllocatedClass(boolean value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        value,
        idleThreads,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withIdleThreads(boolean value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        value,
        ownThreads,
        threadNames);
  }

  public CaptureSettings withOwnThreads(boolean value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        value,
        threadNames);
  }

  public CaptureSettings withThreadNames(boolean value) {
    return new CaptureSettings(
        cpuPeriod,
        allocationsPerSecond,
        exactAllocations,
        lockThreshold,
        blockThreshold,
        stackDepth,
        repository,
        allocatedClass,
        idleThreads,
        ownThreads,
        value);
  }
}
