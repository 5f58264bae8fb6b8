package dev.psc.delivery.internal.spool;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A codec of profiles as bodies of records: version, flags, size of the pprof, times, labels,
 * executables, and finally the pprof. Numbers are big-endian; texts are a length and UTF-8.
 */
final class ProfileCodec {

  private static final int VERSION = 1;
  private static final int NORMALIZED = 1;
  private static final int PPROF_BYTES_OFFSET = 2;

  private ProfileCodec() {}

  /** The content of a body. */
  record Decoded(RawProfile profile, long acceptedMillis) {}

  /** Returns the bytes of a body before the pprof. */
  static byte[] encodeHead(RawProfile profile, long acceptedMillis) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeByte(profile.normalizedAddresses() ? NORMALIZED : 0);
      out.writeInt(profile.sizeBytes());
      out.writeLong(acceptedMillis);
      out.writeLong(profile.timeNanos());
      out.writeLong(profile.durationNanos());
      out.writeInt(profile.labels().size());
      for (Label label : profile.labels()) {
        writeText(out, label.name());
        writeText(out, label.value());
      }
      out.writeInt(profile.executableInfo().size());
      for (RawProfile.ExecutableInfo info : profile.executableInfo()) {
        out.writeInt(info.elfType());
        out.writeLong(info.loadSegmentOffset());
        out.writeLong(info.loadSegmentVaddr());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen: written to memory", e);
    }
    return bytes.toByteArray();
  }

  /** Returns the size of the pprof in a body without decoding it. */
  static int pprofBytes(byte[] body) {
    return body.length < PPROF_BYTES_OFFSET + Integer.BYTES
        ? 0
        : ByteBuffer.wrap(body).getInt(PPROF_BYTES_OFFSET);
  }

  /**
   * Reads a body.
   *
   * @throws IllegalArgumentException if the body is malformed or of an unknown version
   */
  static Decoded decode(byte[] body) {
    ByteBuffer in = ByteBuffer.wrap(body);
    try {
      int version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException("record version " + version + " is not supported");
      }
      boolean normalized = (in.get() & NORMALIZED) != 0;
      int pprofBytes = in.getInt();
      long acceptedMillis = in.getLong();
      long timeNanos = in.getLong();
      long durationNanos = in.getLong();
      LabelSet.Builder labels = LabelSet.builder();
      for (int i = in.getInt(); i > 0; i--) {
        labels.set(readText(in), readText(in));
      }
      List<RawProfile.ExecutableInfo> executables = new ArrayList<>();
      for (int i = in.getInt(); i > 0; i--) {
        executables.add(new RawProfile.ExecutableInfo(in.getInt(), in.getLong(), in.getLong()));
      }
      if (in.remaining() != pprofBytes) {
        throw new IllegalArgumentException(
            "record has " + in.remaining() + " bytes of pprof, not " + pprofBytes);
      }
      byte[] pprof = new byte[pprofBytes];
      in.get(pprof);
      RawProfile profile =
          RawProfile.builder(labels.build(), pprof)
              .timeNanos(timeNanos)
              .durationNanos(durationNanos)
              .normalizedAddresses(normalized)
              .executableInfo(executables)
              .build();
      return new Decoded(profile, acceptedMillis);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("record ends too early", e);
    }
  }

  private static void writeText(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String readText(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("record has a text of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
