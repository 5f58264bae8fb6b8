package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.event.JfrClass;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.internal.event.JfrThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The events of one type of a chunk, one at a time. The positions of fields are resolved once. Not
 * thread-safe.
 */
final class JfrChunkEvents implements JfrEvent {

  private static final JfrField[] KNOWN = JfrField.values();

  private final JfrType type;
  private final JfrConstants constants;
  private final JfrClock clock;

  /** Index of each field that readers use, or -1. */
  private final int[] slots = new int[KNOWN.length];

  private final int fields;
  private final long[] values;
  private @Nullable JfrInput in;

  JfrChunkEvents(JfrType type, JfrConstants constants, JfrClock clock) {
    this.type = type;
    this.constants = constants;
    this.clock = clock;
    Arrays.fill(slots, -1);
    int last = -1;
    for (JfrField field : KNOWN) {
      int index = type.indexOf(field.jfrName());
      slots[index(field)] = index;
      last = Math.max(last, index);
    }
    fields = last + 1;
    values = new long[fields];
  }

  JfrType type() {
    return type;
  }

  /** Reads the fields of an event up to the last one that readers use. */
  void read(JfrInput from) throws IOException {
    in = from;
    type.read(from, fields, values);
  }

  /** An array, since an EnumMap would make an object of each number. */
  @SuppressWarnings("EnumOrdinal")
  private static int index(JfrField field) {
    return field.ordinal();
  }

  private int slot(JfrField field) {
    int slot = slots[index(field)];
    if (slot < 0) {
      throw new IllegalArgumentException(type.name() + " has no field " + field.jfrName());
    }
    return slot;
  }

  private JfrType.Field described(JfrField field) {
    return type.field(slot(field));
  }

  private IllegalArgumentException notA(String kind, JfrField field) {
    return new IllegalArgumentException(
        "the field " + field.jfrName() + " of " + type.name() + " is not a " + kind);
  }

  @Override
  public boolean has(JfrField field) {
    return slots[index(field)] >= 0;
  }

  @Override
  public long number(JfrField field) {
    return switch (described(field).kind()) {
      case BYTE, SHORT, CHAR, INT, LONG -> values[slot(field)];
      default -> throw notA("whole number", field);
    };
  }

  @Override
  public double decimal(JfrField field) {
    return switch (described(field).kind()) {
      case FLOAT, DOUBLE -> Double.longBitsToDouble(values[slot(field)]);
      default -> number(field);
    };
  }

  @Override
  public boolean flag(JfrField field) {
    if (described(field).kind() != JfrType.Kind.BOOLEAN) {
      throw notA("truth value", field);
    }
    return values[slot(field)] != 0;
  }

  @Override
  public @Nullable String text(JfrField field) {
    JfrType.Field described = described(field);
    long value = values[slot(field)];
    try {
      switch (described.kind()) {
        case CONSTANT -> {
          return constants.text(described.type(), value);
        }
        case STRING -> {
          if (in == null) {
            return null;
          }
          int after = in.position();
          in.position((int) value);
          String text = constants.text(in);
          in.position(after);
          return text;
        }
        default -> throw notA("text", field);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long nanos(JfrField field) {
    long value = number(field);
    String unit = described(field).timespan();
    if (unit == null) {
      throw notA("length of time", field);
    }
    if (value == Long.MIN_VALUE || value == Long.MAX_VALUE) {
      return value;
    }
    return switch (unit) {
      case "TICKS" -> clock.nanos(value);
      case "MICROSECONDS" -> scaled(value, 1_000);
      case "MILLISECONDS" -> scaled(value, 1_000_000);
      case "SECONDS" -> scaled(value, 1_000_000_000);
      default -> value;
    };
  }

  private static long scaled(long value, long factor) {
    long most = Long.MAX_VALUE / factor;
    return Math.max(-most, Math.min(most, value)) * factor;
  }

  @Override
  public JfrThreads.Known thread(JfrField field) {
    JfrType.Field described = constant(field);
    try {
      return described == null
          ? constants.noThread()
          : constants.thread(described.type(), values[slot(field)]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public @Nullable JfrClass type(JfrField field) {
    JfrType.Field described = constant(field);
    if (described == null) {
      throw notA("class", field);
    }
    try {
      return constants.type(described.type(), values[slot(field)]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public @Nullable JfrClass typeOfObject() {
    JfrType.Field described = constant(JfrField.OBJECT);
    try {
      return described == null
          ? null
          : constants.typeOfObject(described.type(), values[slot(JfrField.OBJECT)]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public @Nullable String ownerOfObject() {
    JfrType.Field described = constant(JfrField.OBJECT);
    try {
      return described == null
          ? null
          : constants.ownerOfObject(described.type(), values[slot(JfrField.OBJECT)]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JfrType.@Nullable Field constant(JfrField field) {
    int slot = slots[index(field)];
    return slot >= 0 && type.field(slot).kind() == JfrType.Kind.CONSTANT ? type.field(slot) : null;
  }

  @Override
  public boolean hasStack() {
    JfrType.Field described = constant(JfrField.STACK_TRACE);
    return described != null
        && constants.hasStack(described.type(), values[slot(JfrField.STACK_TRACE)]);
  }

  @Override
  public int stack() {
    JfrType.Field described = constant(JfrField.STACK_TRACE);
    try {
      return described == null
          ? constants.noStack()
          : constants.stack(described.type(), values[slot(JfrField.STACK_TRACE)]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long startNanos() {
    return clock.epochNanos(has(JfrField.START_TIME) ? number(JfrField.START_TIME) : 0);
  }

  @Override
  public long durationNanos() {
    if (!has(JfrField.DURATION) || !has(JfrField.START_TIME)) {
      return 0;
    }
    long start = number(JfrField.START_TIME);
    // The difference of two times, as the JDK takes it: it rounds each of them.
    return clock.epochNanos(start + number(JfrField.DURATION)) - clock.epochNanos(start);
  }
}
