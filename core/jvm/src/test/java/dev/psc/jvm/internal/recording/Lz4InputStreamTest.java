package dev.psc.jvm.internal.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;

class Lz4InputStreamTest {

  /** A frame whose blocks refer to one another, of at most 64 KiB each, without checksums. */
  private static byte[] frame(byte[]... blocks) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0});
    for (byte[] block : blocks) {
      out.writeBytes(block);
    }
    out.writeBytes(new byte[4]);
    return out.toByteArray();
  }

  private static byte[] block(boolean plain, int... content) {
    byte[] block = new byte[4 + content.length];
    block[0] = (byte) content.length;
    block[3] = (byte) (plain ? 0x80 : 0);
    for (int i = 0; i < content.length; i++) {
      block[4 + i] = (byte) content[i];
    }
    return block;
  }

  private static String read(byte[] bytes) throws IOException {
    try (Lz4InputStream in = new Lz4InputStream(new ByteArrayInputStream(bytes))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void copiesLiteralsAndMatches() throws Exception {
    // Three literals, a match of 4 + 15 + 1 bytes three back, two literals at the end.
    byte[] block = block(false, 0x3f, 'a', 'b', 'c', 3, 0, 1, 0x20, 'y', 'z');
    assertThat(read(frame(block))).isEqualTo("abc".repeat(7) + "abyz");
  }

  @Test
  void matchesReachIntoTheBlockBefore() throws Exception {
    byte[] first = block(true, 'a', 'b', 'c', 'd');
    byte[] second = block(false, 0x00, 4, 0, 0x10, 'e');
    assertThat(read(frame(first, second))).isEqualTo("abcdabcde");
  }

  @Test
  void readsFramesOneAfterTheOther() throws Exception {
    byte[] frame = frame(block(true, 'a'));
    byte[] two = Arrays.copyOf(frame, frame.length * 2);
    System.arraycopy(frame, 0, two, frame.length, frame.length);
    assertThat(read(two)).isEqualTo("aa");
  }

  @Test
  void rejectsMatchesBeforeTheBeginning() {
    assertThatThrownBy(() -> read(frame(block(false, 0x10, 'a', 9, 0))))
        .isInstanceOf(ZipException.class);
    assertThatThrownBy(() -> read(frame(block(false, 0xf0, 0xff))))
        .isInstanceOf(ZipException.class);
  }

  @Test
  void reportsAnEarlyEnd() {
    byte[] frame = frame(block(true, 'a', 'b', 'c', 'd'));
    assertThatThrownBy(() -> read(Arrays.copyOf(frame, frame.length - 6)))
        .isInstanceOf(EOFException.class);
  }
}
