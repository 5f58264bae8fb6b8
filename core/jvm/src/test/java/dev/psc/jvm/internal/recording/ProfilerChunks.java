package dev.psc.jvm.internal.recording;

import java.util.List;

/** Chunks as async-profiler writes them. */
public final class ProfilerChunks {

  static final int DEFAULT = 0;
  static final int RUNNABLE = 1;
  static final int SLEEPING = 2;
  static final int EXECUTION = 101;
  static final int ACTIVE_RECORDING = 107;
  static final int SETTING = 108;
  static final int ALLOCATION = 109;
  private static final int OLD_OBJECT = 173;
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

  /** Returns chunks of a whole recording: one as it should be, and some that lead in circles. */
  public static List<byte[]> seeds() {
    HandMadeChunk whole = withStacks(chunk());
    setting(whole, ACTIVE_RECORDING, "event", "cpu");
    setting(whole, EXECUTION, "interval", "10000000");
    setting(whole, EXECUTION, "wall", "50000000");
    samples(whole, DEFAULT, 20);
    samples(whole, SLEEPING, 20);
    allocation(whole, 1_000);
    whole.event(100, body -> body.number(TICKS_AT_START).number(-50).number(1).number(1));
    HandMadeChunk uncompressed = new HandMadeChunk(false, 1);
    withStacks(uncompressed);
    uncompressed.event(100, body -> body.number(TICKS_AT_START).number(50).number(1).number(1));
    HandMadeChunk circles = withStacks(chunk()).circle();
    samples(circles, DEFAULT, 5);
    HandMadeChunk ofItself = withCircles(chunk());
    samples(ofItself, DEFAULT, 5);
    for (int key = 1; key <= 3; key++) {
      int object = key;
      ofItself.event(OLD_OBJECT, body -> body.number(TICKS_AT_START).number(1).number(object));
    }
    return List.of(whole.build(), uncompressed.build(), circles.build(), ofItself.build());
  }

  /** Adds a thread, a class, two methods and a stack. */
  private static HandMadeChunk withStacks(HandMadeChunk chunk) {
    return chunk.checkpoint(
        pools ->
            pools
                .integer(5)
                .number(4)
                .integer(1)
                .number(1)
                .text("worker-1")
                .number(17)
                .number(6)
                .integer(3)
                .number(1)
                .text("shop/Orders")
                .number(2)
                .latin("update")
                .number(3)
                .chars("sell")
                .number(5)
                .integer(1)
                .number(1)
                .number(1)
                .number(7)
                .integer(2)
                .number(1)
                .number(1)
                .number(2)
                .number(2)
                .number(1)
                .number(3)
                .number(9)
                .integer(1)
                .number(1)
                .integer(2)
                .integer(12)
                .number(1)
                .integer(13)
                .number(2)
                .raw(0));
  }

  /** Adds a name that is itself, and old objects that hold themselves and one another. */
  private static HandMadeChunk withCircles(HandMadeChunk chunk) {
    return chunk
        .type(170, "jdk.types.OldObjectField", "", "name:3")
        .type(171, "jdk.types.Reference", "", "field:170:constant", "object:172:constant")
        .type(172, "jdk.types.OldObject", "", "type:5:constant", "referrer:171:constant")
        .type(
            OLD_OBJECT,
            "jdk.OldObjectSample",
            "jdk.jfr.Event",
            "startTime:2",
            "stackTrace:9:constant",
            "object:172:constant")
        .checkpoint(
            pools -> {
              pools.integer(6);
              pools.number(3).integer(1).number(7).raw(2).number(7);
              pools.number(6).integer(1).number(1).raw(2).number(7);
              pools.number(5).integer(1).number(1).number(1);
              pools.number(170).integer(1).number(1).text("next");
              pools.number(171).integer(3);
              pools.number(1).number(1).number(1);
              pools.number(2).number(1).number(3);
              pools.number(3).number(0).number(2);
              pools.number(172).integer(3);
              for (int object = 1; object <= 3; object++) {
                pools.number(object).number(1).number(object);
              }
            });
  }
}
