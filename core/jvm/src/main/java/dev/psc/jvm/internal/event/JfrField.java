package dev.psc.jvm.internal.event;

/** A field of events that readers use, so that a file resolves its name once per type. */
public enum JfrField {
  ADDRESS("address"),
  ALLOCATION_SIZE("allocationSize"),
  AMOUNT("amount"),
  CPU_INTERVAL("cpuInterval"),
  DURATION("duration"),
  EVENT_THREAD("eventThread"),
  FAILED("failed"),
  ID("id"),
  JVM_START_TIME("jvmStartTime"),
  LOST_SAMPLES("lostSamples"),
  NAME("name"),
  OBJECT("object"),
  OBJECT_AGE("objectAge"),
  OBJECT_CLASS("objectClass"),
  OBJECT_SIZE("objectSize"),
  PARKED_CLASS("parkedClass"),
  PID("pid"),
  SAMPLED_THREAD("sampledThread"),
  SAMPLE_POOL_SIZE("samplePoolSize"),
  SAMPLES("samples"),
  SAMPLES_COUNT("samplesCount"),
  SAMPLING_PERIOD("samplingPeriod"),
  SIZE("size"),
  STACK_TRACE("stackTrace"),
  START_TIME("startTime"),
  SUCCESSFUL_SAMPLES("numSuccessfulSamples"),
  STATE("state"),
  THROWN_CLASS("thrownClass"),
  TLAB_SIZE("tlabSize"),
  TYPE("type"),
  VALUE("value"),
  WALL_INTERVAL("wallInterval"),
  WEIGHT("weight");

  private final String jfrName;

  JfrField(String jfrName) {
    this.jfrName = jfrName;
  }

  /** Returns the name that it has in recordings. */
  public String jfrName() {
    return jfrName;
  }
}
