package dev.psc.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** A writer of small profiles, valid or invalid. */
final class TinyPprof {

  final List<String> strings =
      new ArrayList<>(List.of("", "samples", "count", "cpu", "nanoseconds"));
  long timeNanos = 1_764_000_000_000_000_000L;
  long durationNanos = 1_000_000_000L;
  boolean periodType = true;
  long functionIdStep = 1;
  private final List<long[]> samples = new ArrayList<>();
  private final List<Integer> functionNames = new ArrayList<>();

  /** Adds a sample whose stack is one function. */
  TinyPprof sample(String function, long... values) {
    int name = strings.indexOf(function);
    if (name < 0) {
      name = strings.size();
      strings.add(function);
    }
    int index = functionNames.indexOf(name);
    if (index < 0) {
      index = functionNames.size();
      functionNames.add(name);
    }
    long[] sample = new long[values.length + 1];
    sample[0] = index;
    System.arraycopy(values, 0, sample, 1, values.length);
    samples.add(sample);
    return this;
  }

  byte[] bare() {
    return message(
        out -> {
          out.writeBytes(1, valueType(1, 2));
          out.writeBytes(1, valueType(3, 4));
          for (long[] sample : samples) {
            out.writeBytes(
                2,
                bytes(
                    o -> {
                      o.writeUInt64(1, sample[0] + 1);
                      for (int i = 1; i < sample.length; i++) {
                        o.writeInt64(2, sample[i]);
                      }
                    }));
          }
          for (int i = 0; i < functionNames.size(); i++) {
            long id = 1 + i * functionIdStep;
            int location = i + 1;
            int name = functionNames.get(i);
            out.writeBytes(
                4,
                bytes(
                    o -> {
                      o.writeUInt64(1, location);
                      o.writeBytes(4, bytes(line -> line.writeUInt64(1, id)));
                    }));
            out.writeBytes(
                5,
                bytes(
                    o -> {
                      o.writeUInt64(1, id);
                      o.writeInt64(2, name);
                    }));
          }
          for (String string : strings) {
            out.writeBytes(6, ByteString.copyFrom(string, StandardCharsets.UTF_8));
          }
          out.writeInt64(9, timeNanos);
          out.writeInt64(10, durationNanos);
          if (periodType) {
            out.writeBytes(11, valueType(3, 4));
          }
          out.writeInt64(12, 10_000_000);
        });
  }

  byte[] gzip() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(bare());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Returns a valid profile, different for each number. */
  static byte[] numbered(int number) {
    return new TinyPprof().sample("f" + number, 1, 10_000_000).gzip();
  }

  private static ByteString valueType(int type, int unit) {
    return bytes(
        out -> {
          out.writeInt64(1, type);
          out.writeInt64(2, unit);
        });
  }

  private interface Writer {
    void write(CodedOutputStream out) throws IOException;
  }

  private static ByteString bytes(Writer writer) {
    return ByteString.copyFrom(message(writer));
  }

  private static byte[] message(Writer writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      writer.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
