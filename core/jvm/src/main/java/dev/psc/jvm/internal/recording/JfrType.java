package dev.psc.jvm.internal.recording;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A type of a chunk, as its metadata describe it: how to read, and how to skip, its values. */
final class JfrType {

  /** The deepest nesting of values; recorders write about three levels. */
  private static final int MAX_DEPTH = 16;

  private static final String EVENT = "jdk.jfr.Event";

  /** The encoding of a value. */
  enum Kind {
    BOOLEAN,
    BYTE,
    SHORT,
    CHAR,
    INT,
    LONG,
    FLOAT,
    DOUBLE,
    STRING,
    /** The key of a constant. */
    CONSTANT,
    /** One after the other its fields. */
    STRUCT,
    ARRAY
  }

  private final long id;
  private final String name;
  private final boolean event;
  private final Kind kind;
  private Field[] fields = new Field[0];
  private int numbers = -1;
  private JfrConstants.@Nullable Pool constants;

  JfrType(long id, String name, @Nullable String superType) {
    this.id = id;
    this.name = name;
    this.event = EVENT.equals(superType);
    this.kind =
        switch (name) {
          case "boolean" -> Kind.BOOLEAN;
          case "byte" -> Kind.BYTE;
          case "short" -> Kind.SHORT;
          case "char" -> Kind.CHAR;
          case "int" -> Kind.INT;
          case "long" -> Kind.LONG;
          case "float" -> Kind.FLOAT;
          case "double" -> Kind.DOUBLE;
          case "java.lang.String" -> Kind.STRING;
          default -> Kind.STRUCT;
        };
  }

  /** A field of a type. */
  static final class Field {
    private final String name;
    private final JfrType type;
    private final Kind kind;
    private final Kind elementKind;
    private @Nullable String timespan;
    private boolean unsigned;

    Field(String name, JfrType type, boolean constant, boolean array) {
      this.name = name;
      this.type = type;
      this.elementKind = constant ? Kind.CONSTANT : type.kind;
      this.kind = array ? Kind.ARRAY : elementKind;
    }

    String name() {
      return name;
    }

    JfrType type() {
      return type;
    }

    Kind kind() {
      return kind;
    }

    /** Returns the unit of a length of time, if it is one. */
    @Nullable String timespan() {
      return timespan;
    }

    void timespan(String unit) {
      timespan = unit;
    }

    void unsigned() {
      unsigned = true;
    }
  }

  long id() {
    return id;
  }

  String name() {
    return name;
  }

  boolean isEvent() {
    return event;
  }

  Kind kind() {
    return kind;
  }

  void add(Field field) {
    fields = Arrays.copyOf(fields, fields.length + 1);
    fields[fields.length - 1] = field;
  }

  /** Returns the chunk's constants of this type, if it has any. */
  JfrConstants.@Nullable Pool constants() {
    return constants;
  }

  void constants(JfrConstants.Pool pool) {
    constants = pool;
  }

  int fieldCount() {
    return fields.length;
  }

  Field field(int index) {
    return fields[index];
  }

  /** Returns the index of a field, or -1. */
  int indexOf(String field) {
    for (int i = 0; i < fields.length; i++) {
      if (fields[i].name.equals(field)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Reads the first fields of a struct: numbers and keys as they are, floating point as its bits,
   * and of anything else the position.
   */
  void read(JfrInput in, int count, long[] values) throws IOException {
    for (int i = 0; i < count; i++) {
      Field field = fields[i];
      boolean wide = field.unsigned;
      switch (field.kind) {
        case BOOLEAN -> values[i] = in.readByte() != 0 ? 1 : 0;
        case BYTE -> values[i] = wide ? in.readByte() & 0xff : in.readByte();
        case SHORT -> values[i] = wide ? in.readShort() & 0xffff : in.readShort();
        case CHAR -> values[i] = in.readChar();
        case INT -> values[i] = wide ? in.readInt() & 0xffffffffL : in.readInt();
        case LONG, CONSTANT -> values[i] = in.readLong();
        case FLOAT -> values[i] = Double.doubleToRawLongBits(Float.intBitsToFloat(in.readRawInt()));
        case DOUBLE -> values[i] = in.readRawLong();
        default -> {
          values[i] = in.position();
          skip(in, field, 0);
        }
      }
    }
  }

  /** Skips a constant of this type. */
  void skip(JfrInput in) throws IOException {
    skip(in, kind, 0);
  }

  /** Returns of how many numbers a struct consists when they are compressed; 0 for another type. */
  int compressedNumbers() {
    if (numbers < 0) {
      boolean only = kind == Kind.STRUCT;
      for (Field field : fields) {
        only &=
            switch (field.kind) {
              case SHORT, CHAR, INT, LONG, CONSTANT -> true;
              default -> false;
            };
      }
      numbers = only ? fields.length : 0;
    }
    return numbers;
  }

  private void skipFields(JfrInput in, int depth) throws IOException {
    if (fields.length == 0) {
      throw new IOException("the type " + name + " is not described");
    }
    if (depth > MAX_DEPTH) {
      throw new IOException("the type " + name + " contains itself");
    }
    for (int i = 0; i < fields.length; i++) {
      skip(in, fields[i], depth + 1);
    }
  }

  private static void skip(JfrInput in, Field field, int depth) throws IOException {
    if (field.kind != Kind.ARRAY) {
      field.type.skip(in, field.kind, depth);
      return;
    }
    int count = in.readCount();
    int numbers = field.elementKind == Kind.CONSTANT ? 1 : field.type.compressedNumbers();
    if (numbers > 0 && in.isCompressed()) {
      in.skipCompressed((int) Math.min(Integer.MAX_VALUE, (long) count * numbers));
      return;
    }
    for (int i = 0; i < count; i++) {
      field.type.skip(in, field.elementKind, depth);
    }
  }

  private void skip(JfrInput in, Kind as, int depth) throws IOException {
    switch (as) {
      case BOOLEAN, BYTE -> in.skip(1);
      case SHORT, CHAR -> in.readShort();
      case INT -> in.readInt();
      case LONG, CONSTANT -> in.readLong();
      case FLOAT -> in.skip(Float.BYTES);
      case DOUBLE -> in.skip(Double.BYTES);
      case STRING -> skipString(in);
      case STRUCT -> skipFields(in, depth);
      case ARRAY -> throw new IllegalStateException("arrays are skipped by field");
    }
  }

  private static void skipString(JfrInput in) throws IOException {
    byte encoding = in.readByte();
    switch (encoding) {
      case JfrStrings.NULL, JfrStrings.EMPTY -> {}
      case JfrStrings.CONSTANT -> in.readLong();
      case JfrStrings.UTF8, JfrStrings.LATIN1 -> in.skip(in.readCount());
      case JfrStrings.CHARS -> {
        int count = in.readCount();
        for (int i = 0; i < count; i++) {
          in.readChar();
        }
      }
      default -> throw new IOException("a string has the unknown encoding " + encoding);
    }
  }
}
