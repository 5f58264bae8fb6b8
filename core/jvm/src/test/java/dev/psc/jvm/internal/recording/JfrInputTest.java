package dev.psc.jvm.internal.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class JfrInputTest {

  @Test
  void numbersOfAnySizeAreReadAndSkipped() {
    SplittableRandom random = new SplittableRandom(20_261_125L);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long[] numbers = new long[5_000];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextLong() >>> random.nextInt(64);
      long left = numbers[i];
      int bytes = 1;
      while (bytes < 9 && (left & ~0x7fL) != 0) {
        out.write((int) (left & 0x7f) | 0x80);
        left >>>= 7;
        bytes++;
      }
      out.write((int) left);
    }
    JfrInput in = new JfrInput(out.toByteArray(), true);
    int[] positions = new int[numbers.length + 1];
    for (int i = 0; i < numbers.length; i++) {
      assertThat(in.readLong()).isEqualTo(numbers[i]);
      positions[i + 1] = in.position();
    }
    for (int i = 0; i < 2_000; i++) {
      int from = random.nextInt(numbers.length);
      int count = random.nextInt(numbers.length - from + 1);
      in.position(positions[from]);
      in.skipCompressed(count);
      assertThat(in.position()).isEqualTo(positions[from + count]);
    }
    in.position(0);
    long[] firsts = new long[1_000];
    int[] seconds = new int[1_000];
    in.readColumns(1_000, 5, 1, 3, firsts, seconds);
    for (int row = 0; row < 1_000; row++) {
      assertThat(firsts[row]).isEqualTo(numbers[row * 5 + 1]);
      assertThat(seconds[row]).isEqualTo((int) numbers[row * 5 + 3]);
    }
  }
}
