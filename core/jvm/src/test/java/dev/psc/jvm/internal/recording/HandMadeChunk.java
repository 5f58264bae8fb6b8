package dev.psc.jvm.internal.recording;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Writes a chunk byte by byte, as recorders do and as they should not. */
final class HandMadeChunk {

  private final boolean compressed;
  private final int version;
  private final List<byte[]> checkpoints = new ArrayList<>();
  private final ByteArrayOutputStream events = new ByteArrayOutputStream();
  private final Map<String, Integer> strings = new LinkedHashMap<>();
  private final List<Type> types = new ArrayList<>();
  private boolean circle;

  private record Type(int id, String name, String superType, List<String[]> fields) {}

  /** What an event or a constant consists of. */
  final class Body {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Body number(long value) {
      if (!compressed) {
        out.writeBytes(ByteBuffer.allocate(8).putLong(value).array());
        return this;
      }
      long left = value;
      for (int i = 0; i < 8 && (left & ~0x7fL) != 0; i++) {
        out.write((int) (left & 0x7f) | 0x80);
        left >>>= 7;
      }
      out.write((int) left);
      return this;
    }

    Body integer(int value) {
      if (compressed) {
        return number(value & 0xffffffffL);
      }
      out.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
      return this;
    }

    Body raw(int... bytes) {
      for (int value : bytes) {
        out.write(value);
      }
      return this;
    }

    Body text(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      raw(3).integer(bytes.length).out.writeBytes(bytes);
      return this;
    }

    Body latin(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
      raw(5).integer(bytes.length).out.writeBytes(bytes);
      return this;
    }

    Body chars(String text) {
      raw(4).integer(text.length());
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (compressed) {
          number(c);
        } else {
          raw(c >> 8, c & 0xff);
        }
      }
      return this;
    }
  }

  HandMadeChunk(boolean compressed, int version) {
    this.compressed = compressed;
    this.version = version;
    type(1, "int", "");
    type(2, "long", "");
    type(3, "java.lang.String", "");
    type(10, "boolean", "");
    type(4, "java.lang.Thread", "", "javaName:3", "javaThreadId:2");
    type(5, "java.lang.Class", "", "name:6:constant");
    type(6, "jdk.types.Symbol", "", "string:3");
    type(7, "jdk.types.Method", "", "type:5:constant", "name:6:constant");
    type(8, "jdk.types.StackFrame", "", "lineNumber:1", "method:7:constant");
    type(9, "jdk.types.StackTrace", "", "frames:8:array", "truncated:10");
    type(
        100,
        "jdk.ThreadSleep",
        "jdk.jfr.Event",
        "startTime:2",
        "duration:2",
        "stackTrace:9:constant",
        "eventThread:4:constant");
  }

  /** Describes a type; a field is its name, its type and whether it is a constant or an array. */
  HandMadeChunk type(int id, String name, String superType, String... fields) {
    List<String[]> described = new ArrayList<>();
    for (String field : fields) {
      described.add(field.split(":", -1));
    }
    types.add(new Type(id, name, superType, described));
    return this;
  }

  /** Adds a checkpoint; the first one is the newest. */
  HandMadeChunk checkpoint(Consumer<Body> pools) {
    Body body = new Body();
    pools.accept(body);
    checkpoints.add(body.out.toByteArray());
    return this;
  }

  HandMadeChunk circle() {
    circle = true;
    return this;
  }

  HandMadeChunk event(int type, Consumer<Body> fields) {
    Body body = new Body();
    fields.accept(body);
    events.writeBytes(sized(type, body));
    return this;
  }

  private byte[] sized(int type, Body body) {
    Body head = new Body().number(type);
    int size = 4 + head.out.size() + body.out.size();
    ByteBuffer all = ByteBuffer.allocate(size);
    if (compressed) {
      for (int shift = 0; shift < 28; shift += 7) {
        all.put((byte) (((size >>> shift) & 0x7f) | (shift < 21 ? 0x80 : 0)));
      }
    } else {
      all.putInt(size);
    }
    return all.put(head.out.toByteArray()).put(body.out.toByteArray()).array();
  }

  byte[] build() {
    ByteArrayOutputStream chunk = new ByteArrayOutputStream();
    chunk.writeBytes(new byte[68]);
    chunk.writeBytes(events.toByteArray());
    long before = 0;
    long first = chunk.size();
    for (int i = checkpoints.size() - 1; i >= 0; i--) {
      long at = chunk.size();
      // Nine bytes whatever the number, so that a circle can be closed.
      long delta = before == 0 ? 0 : before - at;
      if (before == 0 && circle) {
        delta = sizeOf(checkpoints.get(i));
      }
      Body body = new Body().number(0).number(0);
      padded(body, delta);
      body.raw(0);
      body.out.writeBytes(checkpoints.get(i));
      chunk.writeBytes(sized(1, body));
      before = at;
    }
    long metadata = chunk.size();
    chunk.writeBytes(sized(0, metadata()));
    byte[] bytes = chunk.toByteArray();
    ByteBuffer header = ByteBuffer.wrap(bytes);
    header.put(new byte[] {'F', 'L', 'R', 0}).putShort((short) version).putShort((short) 0);
    header.putLong(bytes.length).putLong(before == 0 ? first : before).putLong(metadata);
    header.putLong(1_700_000_000_000_000_000L).putLong(1_000_000_000L);
    header.putLong(5_000).putLong(1_000_000_000L).putInt(compressed ? 1 : 0);
    return bytes;
  }

  private int sizeOf(byte[] checkpoint) {
    Body body = new Body().number(0).number(0);
    padded(body, 0);
    body.raw(0).out.writeBytes(checkpoint);
    return sized(1, body).length;
  }

  private void padded(Body body, long value) {
    if (compressed) {
      for (int shift = 0; shift < 56; shift += 7) {
        body.raw((int) ((value >>> shift) & 0x7f) | 0x80);
      }
      body.raw((int) (value >>> 56));
    } else {
      body.number(value);
    }
  }

  private Body metadata() {
    Body elements = new Body();
    element(elements, "root", List.of(), 2);
    element(elements, "metadata", List.of(), types.size());
    for (Type type : types) {
      element(
          elements,
          "class",
          List.of("id", Integer.toString(type.id), "name", type.name, "superType", type.superType),
          type.fields.size());
      for (String[] field : type.fields) {
        List<String> attributes = new ArrayList<>(List.of("name", field[0], "class", field[1]));
        if (field.length > 2) {
          boolean array = field[2].equals("array");
          attributes.addAll(array ? List.of("dimension", "1") : List.of("constantPool", "true"));
        }
        element(elements, "field", attributes, 0);
      }
    }
    element(elements, "region", List.of(), 0);
    Body body = new Body().number(0).number(0).number(1).integer(strings.size());
    strings.keySet().forEach(body::text);
    body.out.writeBytes(elements.out.toByteArray());
    return body;
  }

  private void element(Body into, String name, List<String> attributes, int children) {
    into.integer(string(name)).integer(attributes.size() / 2);
    for (String attribute : attributes) {
      into.integer(string(attribute));
    }
    into.integer(children);
  }

  private int string(String text) {
    return strings.computeIfAbsent(text, added -> strings.size());
  }
}
