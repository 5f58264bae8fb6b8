package dev.psc.jvm.internal.recording;

/** Chunks as async-profiler writes them. */
final class ProfilerChunks {

  static final int DEFAULT = 0;
  static final int RUNNABLE = 1;
  static final int SLEEPING = 2;
  static final int EXECUTION = 101;
  static final int ACTIVE_RECORDING = 107;
  static final int SETTING = 108;
  static final int ALLOCATION = 109;
  static final long TICKS_AT_START = 5_000;

  private ProfilerChunks() {}

  static HandMadeChunk chunk() {
    return new HandMadeChunk(true, 2)
        .type(11, "jdk.types.ThreadState", "", "name:3")
        .type(
            EXECUTION,
            "jdk.ExecutionSample",
            "jdk.jfr.Event",
            "startTime:2",
            "sampledThread:4:constant",
            "stackTrace:9:constant",
            "state:11:constant")
        .type(ACTIVE_RECORDING, "jdk.ActiveRecording", "jdk.jfr.Event", "startTime:2")
        .type(
            SETTING,
            "jdk.ActiveSetting",
            "jdk.jfr.Event",
            "startTime:2",
            "id:2",
            "name:3",
            "value:3")
        .type(
            ALLOCATION,
            "jdk.ObjectAllocationSample",
            "jdk.jfr.Event",
            "startTime:2",
            "eventThread:4:constant",
            "stackTrace:9:constant",
            "objectClass:5:constant",
            "weight:2")
        .checkpoint(
            pools ->
                pools
                    .integer(1)
                    .number(11)
                    .integer(3)
                    .number(DEFAULT)
                    .text("STATE_DEFAULT")
                    .number(RUNNABLE)
                    .text("STATE_RUNNABLE")
                    .number(SLEEPING)
                    .text("STATE_SLEEPING"));
  }

  static void setting(HandMadeChunk chunk, int type, String name, String value) {
    chunk.event(SETTING, body -> body.number(TICKS_AT_START).number(type).text(name).text(value));
  }

  static void samples(HandMadeChunk chunk, int state, int count) {
    for (int i = 0; i < count; i++) {
      chunk.event(EXECUTION, body -> body.number(TICKS_AT_START).number(1).number(1).number(state));
    }
  }

  static void allocation(HandMadeChunk chunk, long bytes) {
    chunk.event(
        ALLOCATION,
        body -> body.number(TICKS_AT_START).number(1).number(1).number(1).number(bytes));
  }
}
