package dev.psc.jvm.profile;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A kind of profile of the running JVM. Names, sample types and period types are those of Go where
 * Go has the profile, so that queries and dashboards for Go services work unchanged.
 */
public enum JvmProfile {
  /** CPU time by stack: {@code samples/count} and {@code cpu/nanoseconds}. */
  PROCESS_CPU("process_cpu", "profile", "cpu", "nanoseconds", "samples/count", "cpu/nanoseconds"),

  /** Allocated objects and bytes by stack, like Go's {@code allocs}. */
  MEMORY("memory", "allocs", "space", "bytes", Types.MEMORY),

  /**
   * The allocations of {@link #MEMORY}, and the live heap by class. A histogram of the live heap
   * stops the application, so its frequency and the size of the heap are limited.
   */
  HEAP("heap", "heap", "space", "bytes", Types.MEMORY),

  /** Waiting for monitors and locks: {@code contentions/count} and {@code delay/nanoseconds}. */
  MUTEX("mutex", "mutex", "contentions", "count", Types.CONTENTION),

  /** Other waiting (parked, waiting, asleep, for I/O), with the label {@code event}. */
  BLOCK("block", "block", "contentions", "count", Types.CONTENTION),

  /** The stacks of all threads: {@code goroutine/count}. */
  GOROUTINE("goroutine", "goroutine", "goroutine", "count", "goroutine/count"),

  /** The stacks that started threads: {@code threadcreate/count}. */
  THREADCREATE("threadcreate", "threadcreate", "threadcreate", "count", "threadcreate/count"),

  /** CPU time and waiting combined: {@code samples/count} and {@code wall/nanoseconds}. */
  WALL("wall", "wall", "wall", "nanoseconds", "samples/count", "wall/nanoseconds"),

  /**
   * Thrown exceptions and errors by stack, with the class of the exception as the leaf: {@code
   * exceptions/count}.
   */
  EXCEPTIONS("exceptions", "exceptions", "exceptions", "count", "exceptions/count"),

  /**
   * Long-lived objects by allocation stack: a small sample, biased towards large objects, that
   * points to leaks and does not measure memory. On demand only.
   */
  LEAK_SUSPECTS(
      "leak_suspects", "leak_suspects", "objects", "count", "samples/count", "size/bytes"),

  /**
   * Native memory by stack: allocations, and those not released before the recording ended. In
   * recordings of async-profiler ({@code nativemem}) only, never of the running JVM.
   */
  NATIVE_MEMORY("native_memory", "native_memory", "space", "bytes", Types.MEMORY);

  private final String profileName;
  private final String path;
  private final String periodType;
  private final String periodUnit;

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  private final List<String> sampleTypes;

  JvmProfile(
      String profileName,
      String path,
      String periodType,
      String periodUnit,
      String... sampleTypes) {
    this.profileName = profileName;
    this.path = path;
    this.periodType = periodType;
    this.periodUnit = periodUnit;
    this.sampleTypes = List.of(sampleTypes);
  }

  /**
   * Returns the profiles that are on by default: all except {@link #WALL}, {@link #EXCEPTIONS} and
   * {@link #LEAK_SUSPECTS}.
   */
  public static JvmProfiles defaults() {
    return JvmProfiles.of(PROCESS_CPU, MEMORY, HEAP, MUTEX, BLOCK, GOROUTINE, THREADCREATE);
  }

  /** Returns the value of the label {@code __name__} in a store, e.g. {@code process_cpu}. */
  public String profileName() {
    return profileName;
  }

  /** Returns the last part of its address under {@code /debug/pprof/}, e.g. {@code profile}. */
  public String path() {
    return path;
  }

  /** Returns its sample types as {@code type/unit}, in order. */
  public List<String> sampleTypes() {
    return sampleTypes;
  }

  /** Returns its period type, as {@code type/unit}. */
  public String periodType() {
    return periodType + "/" + periodUnit;
  }

  /** Returns whether it is a running total since the start of capture, as in Go. */
  public boolean isCumulative() {
    return this == MEMORY
        || this == MUTEX
        || this == BLOCK
        || this == THREADCREATE
        || this == EXCEPTIONS;
  }

  /** Returns whether it shows one moment and needs no events. */
  public boolean isMoment() {
    return this == GOROUTINE || this == HEAP || this == LEAK_SUSPECTS;
  }

  /**
   * Returns the profile of a name, which may also be the last part of its address ({@code cpu} is
   * an alias).
   */
  public static Optional<JvmProfile> named(String name) {
    String lower = name.trim().toLowerCase(Locale.ROOT);
    if (lower.equals("cpu")) {
      return Optional.of(PROCESS_CPU);
    }
    return Arrays.stream(values())
        .filter(profile -> profile.profileName.equals(lower) || profile.path.equals(lower))
        .findFirst();
  }

  private static final class Types {
    static final String[] MEMORY = {
      "alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"
    };
    static final String[] CONTENTION = {"contentions/count", "delay/nanoseconds"};

    private Types() {}
  }
}
