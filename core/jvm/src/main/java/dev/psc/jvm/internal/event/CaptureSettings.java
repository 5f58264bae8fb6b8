package dev.psc.jvm.internal.event;

import dev.psc.jvm.profile.ProfilingEngine;
import dev.psc.jvm.profile.TraceLabels;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The settings of capturing and counting events. Immutable. */
public final class CaptureSettings {

  public static final CaptureSettings DEFAULT = builder().build();

  private final ProfilingEngine engine;
  private final @Nullable Path asyncProfilerLibrary;
  private final @Nullable String engineRemark;
  private final Duration cpuPeriod;
  private final int allocationsPerSecond;
  private final boolean exactAllocations;
  private final Duration lockThreshold;
  private final Duration blockThreshold;
  private final int stackDepth;
  private final @Nullable Path repository;
  private final boolean allocatedClass;
  private final boolean idleThreads;
  private final boolean ownThreads;
  private final boolean threadNames;
  private final int maxTraces;
  private final TraceLabels traceLabels;

  private CaptureSettings(Builder builder) {
    this.engine = builder.engine;
    this.asyncProfilerLibrary = builder.asyncProfilerLibrary;
    this.engineRemark = builder.engineRemark;
    this.cpuPeriod = builder.cpuPeriod;
    this.allocationsPerSecond = builder.allocationsPerSecond;
    this.exactAllocations = builder.exactAllocations;
    this.lockThreshold = builder.lockThreshold;
    this.blockThreshold = builder.blockThreshold;
    this.stackDepth = builder.stackDepth;
    this.repository = builder.repository;
    this.allocatedClass = builder.allocatedClass;
    this.idleThreads = builder.idleThreads;
    this.ownThreads = builder.ownThreads;
    this.threadNames = builder.threadNames;
    this.maxTraces = builder.maxTraces;
    this.traceLabels = builder.traceLabels;
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder with these settings. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.engine = engine;
    builder.asyncProfilerLibrary = asyncProfilerLibrary;
    builder.engineRemark = engineRemark;
    builder.cpuPeriod = cpuPeriod;
    builder.allocationsPerSecond = allocationsPerSecond;
    builder.exactAllocations = exactAllocations;
    builder.lockThreshold = lockThreshold;
    builder.blockThreshold = blockThreshold;
    builder.stackDepth = stackDepth;
    builder.repository = repository;
    builder.allocatedClass = allocatedClass;
    builder.idleThreads = idleThreads;
    builder.ownThreads = ownThreads;
    builder.threadNames = threadNames;
    builder.maxTraces = maxTraces;
    builder.traceLabels = traceLabels;
    return builder;
  }

  /** Returns the source of events. */
  public ProfilingEngine engine() {
    return engine;
  }

  /** Returns the file from which async-profiler is loaded, or null for its own. */
  public @Nullable Path asyncProfilerLibrary() {
    return asyncProfilerLibrary;
  }

  /** Returns the name of the flight recorder as the engine, and why it replaces another one. */
  public String flightRecorder() {
    return engineRemark == null
        ? "jfr"
        : "jfr, because async-profiler cannot be used: " + engineRemark;
  }

  /** Returns the distance between two CPU samples of a busy thread. */
  public Duration cpuPeriod() {
    return cpuPeriod;
  }

  /** Returns the maximum number of allocation samples per second. */
  public int allocationsPerSecond() {
    return allocationsPerSecond;
  }

  /** Returns whether every TLAB is counted instead of samples. */
  public boolean exactAllocations() {
    return exactAllocations;
  }

  /** Returns the shortest counted wait for a lock. */
  public Duration lockThreshold() {
    return lockThreshold;
  }

  /** Returns the shortest counted sleep, socket wait or file wait. */
  public Duration blockThreshold() {
    return blockThreshold;
  }

  /** Returns the maximum number of frames of a stack. */
  public int stackDepth() {
    return stackDepth;
  }

  /**
   * Returns the directory of the flight recorder's working files, or null for one under {@code
   * java.io.tmpdir}.
   */
  public @Nullable Path repository() {
    return repository;
  }

  /** Returns whether the allocated class is the leaf frame of allocations. */
  public boolean allocatedClass() {
    return allocatedClass;
  }

  /** Returns whether pool threads that wait for work are counted. */
  public boolean idleThreads() {
    return idleThreads;
  }

  /** Returns whether the profiler's own threads are counted like any other thread. */
  public boolean ownThreads() {
    return ownThreads;
  }

  /** Returns whether samples have the label {@code thread}. */
  public boolean threadNames() {
    return threadNames;
  }

  /** Returns the maximum number of distinct trace ids of a profile; 0 for samples without ids. */
  public int maxTraces() {
    return maxTraces;
  }

  /** Returns the labels of trace ids. */
  public TraceLabels traceLabels() {
    return traceLabels;
  }

  /** Collects settings; ranges are checked by the callers. Not thread-safe. */
  public static final class Builder {

    private ProfilingEngine engine = ProfilingEngine.JFR;
    private @Nullable Path asyncProfilerLibrary;
    private @Nullable String engineRemark;
    private Duration cpuPeriod = Duration.ofMillis(10);
    private int allocationsPerSecond = 300;
    private boolean exactAllocations;
    private Duration lockThreshold = Duration.ofMillis(1);
    private Duration blockThreshold = Duration.ofMillis(10);
    private int stackDepth = 256;
    private @Nullable Path repository;
    private boolean allocatedClass;
    private boolean idleThreads;
    private boolean ownThreads;
    private boolean threadNames;
    private int maxTraces = 2_000;
    private TraceLabels traceLabels = TraceLabels.openTelemetry();

    private Builder() {}

    public Builder engine(ProfilingEngine engine) {
      this.engine = engine;
      return this;
    }

    public Builder asyncProfilerLibrary(Path asyncProfilerLibrary) {
      this.asyncProfilerLibrary = asyncProfilerLibrary;
      return this;
    }

    /** Sets why the flight recorder replaces async-profiler. */
    public Builder engineRemark(String engineRemark) {
      this.engineRemark = engineRemark;
      return this;
    }

    public Builder cpuPeriod(Duration cpuPeriod) {
      this.cpuPeriod = cpuPeriod;
      return this;
    }

    public Builder allocationsPerSecond(int allocationsPerSecond) {
      this.allocationsPerSecond = allocationsPerSecond;
      return this;
    }

    public Builder exactAllocations(boolean exactAllocations) {
      this.exactAllocations = exactAllocations;
      return this;
    }

    public Builder lockThreshold(Duration lockThreshold) {
      this.lockThreshold = lockThreshold;
      return this;
    }

    public Builder blockThreshold(Duration blockThreshold) {
      this.blockThreshold = blockThreshold;
      return this;
    }

    public Builder stackDepth(int stackDepth) {
      this.stackDepth = stackDepth;
      return this;
    }

    public Builder repository(Path repository) {
      this.repository = repository;
      return this;
    }

    public Builder allocatedClass(boolean allocatedClass) {
      this.allocatedClass = allocatedClass;
      return this;
    }

    public Builder idleThreads(boolean idleThreads) {
      this.idleThreads = idleThreads;
      return this;
    }

    public Builder ownThreads(boolean ownThreads) {
      this.ownThreads = ownThreads;
      return this;
    }

    public Builder threadNames(boolean threadNames) {
      this.threadNames = threadNames;
      return this;
    }

    public Builder maxTraces(int maxTraces) {
      this.maxTraces = maxTraces;
      return this;
    }

    public Builder traceLabels(TraceLabels traceLabels) {
      this.traceLabels = traceLabels;
      return this;
    }

    /** Returns the settings. */
    public CaptureSettings build() {
      return new CaptureSettings(this);
    }
  }
}
