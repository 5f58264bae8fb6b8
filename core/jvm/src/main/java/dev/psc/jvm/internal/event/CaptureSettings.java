package dev.psc.jvm.internal.event;

import dev.psc.jvm.profile.ProfilingEngine;
import dev.psc.jvm.profile.TraceLabels;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The settings of capturing and counting events. Immutable. */
public final class CaptureSettings {

  public static final CaptureSettings DEFAULT = builder().build();

  private final Builder settings;

  private CaptureSettings(Builder settings) {
    this.settings = settings;
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder with these settings. */
  public Builder toBuilder() {
    return new Builder(settings);
  }

  /** Returns the source of events. */
  public ProfilingEngine engine() {
    return settings.engine;
  }

  /** Returns the file from which async-profiler is loaded, or null for its own. */
  public @Nullable Path asyncProfilerLibrary() {
    return settings.asyncProfilerLibrary;
  }

  /** Returns the name of the flight recorder as the engine, and why it replaces another one. */
  public String flightRecorder() {
    return settings.engineRemark == null
        ? "jfr"
        : "jfr, because async-profiler cannot be used: " + settings.engineRemark;
  }

  /** Returns the distance between two CPU samples of a busy thread. */
  public Duration cpuPeriod() {
    return settings.cpuPeriod;
  }

  /** Returns the maximum number of allocation samples per second. */
  public int allocationsPerSecond() {
    return settings.allocationsPerSecond;
  }

  /** Returns whether every TLAB is counted instead of samples. */
  public boolean exactAllocations() {
    return settings.exactAllocations;
  }

  /** Returns the shortest counted wait for a lock. */
  public Duration lockThreshold() {
    return settings.lockThreshold;
  }

  /** Returns the shortest counted sleep, socket wait or file wait. */
  public Duration blockThreshold() {
    return settings.blockThreshold;
  }

  /** Returns the maximum number of frames of a stack. */
  public int stackDepth() {
    return settings.stackDepth;
  }

  /**
   * Returns the directory of the flight recorder's working files, or null for one under {@code
   * java.io.tmpdir}.
   */
  public @Nullable Path repository() {
    return settings.repository;
  }

  /** Returns whether the allocated class is the leaf frame of allocations. */
  public boolean allocatedClass() {
    return settings.allocatedClass;
  }

  /** Returns whether pool threads that wait for work are counted. */
  public boolean idleThreads() {
    return settings.idleThreads;
  }

  /** Returns whether the profiler's own threads are counted like any other thread. */
  public boolean ownThreads() {
    return settings.ownThreads;
  }

  /** Returns whether samples have the label {@code thread}. */
  public boolean threadNames() {
    return settings.threadNames;
  }

  /** Returns the maximum number of distinct trace ids of a profile; 0 for samples without ids. */
  public int maxTraces() {
    return settings.maxTraces;
  }

  /** Returns the labels of trace ids. */
  public TraceLabels traceLabels() {
    return settings.traceLabels;
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

    private Builder(Builder other) {
      this.engine = other.engine;
      this.asyncProfilerLibrary = other.asyncProfilerLibrary;
      this.engineRemark = other.engineRemark;
      this.cpuPeriod = other.cpuPeriod;
      this.allocationsPerSecond = other.allocationsPerSecond;
      this.exactAllocations = other.exactAllocations;
      this.lockThreshold = other.lockThreshold;
      this.blockThreshold = other.blockThreshold;
      this.stackDepth = other.stackDepth;
      this.repository = other.repository;
      this.allocatedClass = other.allocatedClass;
      this.idleThreads = other.idleThreads;
      this.ownThreads = other.ownThreads;
      this.threadNames = other.threadNames;
      this.maxTraces = other.maxTraces;
      this.traceLabels = other.traceLabels;
    }

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
      return new CaptureSettings(new Builder(this));
    }
  }
}
