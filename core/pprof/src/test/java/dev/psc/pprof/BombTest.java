package dev.psc.pprof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;

/** Small bodies made to cost much: each is refused cheaply. */
class BombTest {

  private static final long HEAP_BYTES = 64L << 20;

  /** Refuses, and tells how much the thread allocated for that. */
  private static PprofException refusal(byte[] body, PprofLimits limits) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long cpu = threads.getCurrentThreadCpuTime();
    long before = threads.getCurrentThreadAllocatedBytes();
    PprofException error =
        catchThrowableOfType(
            PprofException.class, () -> Repair.repair(body, limits, RepairContext.none()));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    long millis = (threads.getCurrentThreadCpuTime() - cpu) / 1_000_000;
    assertThat(error).isNotNull();
    assertThat(allocated).isLessThan(HEAP_BYTES);
    // 16 MiB inflate in some 40 ms; the rest is for a cold and busy machine.
    assertThat(millis).isLessThan(1_000);
    return error;
  }

  /** Repeats the block that a mebibyte gives, which is quicker than compressing them all. */
  private static byte[] gibibyteOfZeros() {
    Deflater deflater = new Deflater(6, true);
    byte[] block = new byte[1 << 16];
    deflater.setInput(new byte[1 << 20]);
    int size = deflater.deflate(block, 0, block.length, Deflater.FULL_FLUSH);
    deflater.end();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(RawPprof.gzip(new byte[0]), 0, 10);
    for (int i = 0; i < 1024; i++) {
      out.write(block, 0, size);
    }
    byte[] end = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0x40};
    out.write(end, 0, end.length);
    return out.toByteArray();
  }

  @Test
  void refusesAGibibyteOfZerosInAMebibyteOfGzip() {
    byte[] bomb = gibibyteOfZeros();
    assertThat(bomb.length).isLessThan(2 << 20);
    PprofException error = refusal(bomb, PprofLimits.defaults());
    assertThat(error.code()).isEqualTo(PprofException.TOO_LARGE);
    assertThat(error).hasMessageContaining("PprofLimits.ratio");
    PprofException bySize =
        refusal(bomb, PprofLimits.defaults().withRatio(100_000).withInflatedBytes(16 << 20));
    assertThat(bySize).hasMessageContaining("PprofLimits.inflatedBytes");
  }

  @Test
  void refusesGzipInGzipThatGrowsInside() throws Exception {
    byte[] inner = RawPprof.gzip(new byte[12 << 20]);
    assertThat(refusal(RawPprof.gzip(inner), PprofLimits.defaults()).code())
        .isEqualTo(PprofException.TOO_LARGE);
  }

  @Test
  void refusesALyingSizeInTheTrailerWithoutMakingRoomForIt() {
    byte[] gzip = RawPprof.clean().gzip();
    Arrays.fill(gzip, gzip.length - 4, gzip.length, (byte) 0x7f);
    assertThat(refusal(gzip, PprofLimits.defaults()).code()).isEqualTo(PprofException.CORRUPT);
  }

  @Test
  void refusesLengthsThatCannotBe() {
    int[][] claims = {
      {0x32, 0xff, 0xff, 0xff, 0xff, 0x07},
      {0x32, 0x80, 0x80, 0x80, 0x80, 0x08},
      {0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
      {0x12, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0a},
    };
    for (int[] claim : claims) {
      byte[] body = RawPprof.clean().raw(claim).bytes();
      assertThat(refusal(body, PprofLimits.defaults()).code()).isEqualTo("truncated");
    }
  }

  @Test
  void refusesANumberThatNeverEnds() {
    byte[] body = new byte[1 << 20];
    Arrays.fill(body, (byte) 0xff);
    assertThat(refusal(body, PprofLimits.defaults()).code()).isEqualTo(PprofException.CORRUPT);
    byte[] inside = RawPprof.concat(RawPprof.clean().raw(0x48).bytes(), body);
    assertThat(refusal(inside, PprofLimits.defaults()).code()).isEqualTo(PprofException.CORRUPT);
    byte[] value = RawPprof.clean().raw(0x12, 15, 0x12, 13).bytes();
    byte[] longValue = RawPprof.concat(value, Arrays.copyOf(body, 12), new byte[] {1});
    assertThat(refusal(longValue, PprofLimits.defaults()).code()).isEqualTo("corrupt");
  }

  @Test
  void refusesGroupsNestedWithoutEnd() {
    byte[] body = new byte[1 << 20];
    Arrays.fill(body, (byte) 0x7b);
    // A first byte of another kind, or it would be named JSON.
    body[0] = (byte) 0x83;
    body[1] = 0x01;
    assertThat(refusal(body, PprofLimits.defaults()).code()).isEqualTo(PprofException.CORRUPT);
  }

  @Test
  void refusesMillionsOfEntriesThatBreakRules() {
    byte[] entries = new byte[8 << 20];
    for (int i = 0; i < entries.length; i += 4) {
      entries[i] = 0x22;
      entries[i + 1] = 2;
      entries[i + 2] = 0x18;
      entries[i + 3] = 1;
    }
    byte[] locations = RawPprof.concat(RawPprof.clean().bytes(), entries);
    assertThat(refusal(locations, PprofLimits.defaults()).code()).isIn("too_large", "id_zero");
    for (int i = 0; i < entries.length; i += 2) {
      entries[i] = 0x12;
      entries[i + 1] = 0;
    }
    byte[] samples = RawPprof.concat(RawPprof.clean().bytes(), entries);
    assertThat(refusal(samples, PprofLimits.defaults()).code()).isEqualTo("value_count");
    for (int i = 0; i < entries.length; i += 2) {
      entries[i] = 0x0a;
    }
    byte[] types = RawPprof.concat(RawPprof.clean().bytes(), entries);
    assertThat(refusal(types, PprofLimits.defaults()).code()).isEqualTo("too_large");
  }
}
