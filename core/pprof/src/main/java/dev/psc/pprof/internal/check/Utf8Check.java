package dev.psc.pprof.internal.check;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A check of strings in an array for valid UTF-8. Not thread-safe. */
final class Utf8Check {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] buf;
  private @Nullable CharsetDecoder decoder;
  private @Nullable CharBuffer decoded;

  Utf8Check(byte[] buf) {
    this.buf = buf;
  }

  /** Returns whether a range of the array is valid UTF-8. */
  boolean isValid(int from, int to) {
    return isAscii(buf, from, to) || decodes(from, to);
  }

  private static boolean isAscii(byte[] b, int from, int to) {
    long or = 0;
    int i = from;
    for (; i + 8 <= to; i += 8) {
      or |= (long) LONGS.get(b, i);
    }
    for (; i < to; i++) {
      or |= b[i];
    }
    return (or & 0x8080808080808080L) == 0;
  }

  private boolean decodes(int from, int to) {
    CharsetDecoder reading = decoder;
    CharBuffer unread = decoded;
    if (reading == null || unread == null) {
      reading =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT);
      decoder = reading;
      unread = CharBuffer.allocate(512);
      decoded = unread;
    }
    reading.reset();
    ByteBuffer in = ByteBuffer.wrap(buf, from, to - from);
    CoderResult result;
    do {
      result = reading.decode(in, unread.clear(), true);
    } while (result.isOverflow());
    return result.isUnderflow();
  }
}
