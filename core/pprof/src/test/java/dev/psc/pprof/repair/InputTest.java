package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.wire.ProfileFields;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes in the place of a profile, and the forms a profile comes in. */
class InputTest {

  private static final byte[] CLEAN = RawPprof.clean().bytes();

  private static PprofException refusal(byte[] body) {
    return refusal(body, PprofLimits.defaults());
  }

  private static PprofException refusal(byte[] body, PprofLimits limits) {
    PprofException error =
        catchThrowableOfType(
            PprofException.class, () -> Repair.repair(body, limits, RepairContext.none()));
    assertThat(error).isNotNull();
    PprofException parsing =
        catchThrowableOfType(PprofException.class, () -> Profile.parse(body, limits));
    assertThat(parsing.code()).isEqualTo(error.code());
    return error;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "<html><body>Not here</body></html> | not_pprof | HTML page",
        "\uFEFF<!DOCTYPE html><title>Login</title> | not_pprof | login page",
        "<?xml version='1.0'?><Error/> | not_pprof | XML",
        "{\"error\":\"no such profile\"} | not_pprof | JSON",
        "[1,2] | not_pprof | JSON",
        "404 page not found | not_pprof | text",
        "Profiling not enabled. See https://example.org/help for how to enable. | not_pprof | text",
        "goroutine 1 [running]: | legacy_text | debug=2",
        "--- symbol | legacy_text | not converted",
        "heap profile: 1: 2 [3: 4] @ other | legacy_text | not converted",
      })
  void namesTextThatIsNoProfile(String body, String code, String says) {
    for (byte[] bytes : new byte[][] {text(body), RawPprof.gzip(text(body))}) {
      PprofException error = refusal(bytes);
      assertThat(error.code()).isEqualTo(code);
      assertThat(error).hasMessageContaining(says);
    }
  }

  @Test
  void namesAnEmptyBody() {
    assertThat(refusal(new byte[0]).code()).isEqualTo(PprofException.NOT_PPROF);
    assertThat(refusal(RawPprof.gzip(new byte[0]))).hasMessageContaining("empty");
    assertThat(refusal(text(" \n"))).hasMessageContaining("white space");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void namesGperftoolsBinaryFormat(int width) {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      ByteBuffer words = ByteBuffer.allocate(width * 8).order(order);
      for (long word : new long[] {0, 3, 0, 10_000, 0, 1, 9, 0x1234}) {
        if (width == 4) {
          words.putInt((int) word);
        } else {
          words.putLong(word);
        }
      }
      assertThat(refusal(words.array()).code()).isEqualTo(PprofException.LEGACY_BINARY);
    }
  }

  @Test
  void takesBareBytesAndGivesOneGzipMember() throws Exception {
    Repaired repaired = Repair.repair(CLEAN);
    assertThat(repaired.actions()).extracting(RepairAction::code).containsExactly("compressed");
    assertThat(unzip(repaired.bytes())).isEqualTo(CLEAN);
  }

  @Test
  void passesACleanGzipThroughUntouched() throws Exception {
    byte[] body = RawPprof.clean().gzip();
    Repaired repaired = Repair.repair(body);
    assertThat(repaired.bytes()).isSameAs(body);
    assertThat(repaired.changed()).isFalse();
    assertThat(repaired.actions()).isEmpty();
    assertThat(repaired.sampleTypes())
        .containsExactly(new SampleType("samples", "count"), new SampleType("cpu", "ns"));
    assertThat(repaired.periodType()).isEqualTo(new SampleType("cpu", "ns"));
    assertThat(repaired.timeNanos()).isEqualTo(1_000);
    assertThat(repaired.sampleCount()).isEqualTo(1);
    assertThat(repaired.inflatedBytes()).isEqualTo(CLEAN.length);
  }

  @Test
  void joinsMembersWhereverTheyAreCut() throws Exception {
    for (int cut = 0; cut <= CLEAN.length; cut++) {
      byte[] body =
          RawPprof.concat(
              RawPprof.gzip(Arrays.copyOf(CLEAN, cut)),
              RawPprof.gzip(Arrays.copyOfRange(CLEAN, cut, CLEAN.length)));
      Repaired repaired = Repair.repair(body);
      assertThat(repaired.actions())
          .extracting(RepairAction::code)
          .containsExactly("members_joined");
      assertThat(unzip(repaired.bytes())).isEqualTo(CLEAN);
    }
  }

  @Test
  void unwrapsGzipInGzip() throws Exception {
    Repaired repaired = Repair.repair(RawPprof.gzip(RawPprof.gzip(CLEAN)));
    assertThat(repaired.actions()).extracting(RepairAction::code).containsExactly("unwrapped");
    assertThat(unzip(repaired.bytes())).isEqualTo(CLEAN);
  }

  @Test
  void readsHeadersWithEveryOptionalPart() throws Exception {
    byte[] gzip = RawPprof.gzip(CLEAN);
    byte[] header = Arrays.copyOf(gzip, 10);
    header[3] = 2 | 4 | 8 | 16;
    byte[] parts = {3, 0, 'x', 'y', 'z', 'n', 'a', 'm', 'e', 0, 'c', 0, 1, 2};
    byte[] body = RawPprof.concat(header, parts, Arrays.copyOfRange(gzip, 10, gzip.length));
    assertThat(Repair.repair(body).bytes()).isSameAs(body);
  }

  @Test
  void readsWhatTheJdkCompresses() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(CLEAN);
    }
    byte[] body = out.toByteArray();
    assertThat(Repair.repair(body).bytes()).isSameAs(body);
  }

  @Test
  void tellsACutGzipAtEveryLength() {
    byte[] body = RawPprof.clean().gzip();
    for (int length = 2; length < body.length; length++) {
      PprofException error = refusal(Arrays.copyOf(body, length));
      assertThat(error.code()).as("%d bytes", length).isEqualTo(PprofException.TRUNCATED);
      assertThat(error).hasMessageContaining("fetch");
    }
  }

  @Test
  void neverTakesACutMessageForAWholeOneWithoutASign() throws Exception {
    // Cut between two fields, protobuf cannot tell; the strings come late, so rules do.
    for (int length = 1; length < CLEAN.length - 3; length++) {
      byte[] cut = Arrays.copyOf(CLEAN, length);
      PprofException error = catchThrowableOfType(PprofException.class, () -> Profile.parse(cut));
      if (error == null) {
        assertThat(PprofCheck.check(cut).violations()).as("%d bytes", length).isNotEmpty();
      }
    }
  }

  @Test
  void tellsAFlippedBitInTheTrailer() {
    byte[] body = RawPprof.clean().gzip();
    for (int at = body.length - 8; at < body.length; at++) {
      byte[] flipped = body.clone();
      flipped[at] ^= 4;
      PprofException error = refusal(flipped);
      assertThat(error.code()).isEqualTo(PprofException.CORRUPT);
      assertThat(error)
          .hasMessageContaining(at < body.length - 4 ? "checksum is wrong" : "length is wrong");
    }
  }

  @Test
  void tellsGarbageBehindTheGzip() {
    byte[] body = RawPprof.concat(RawPprof.clean().gzip(), text("oops"));
    PprofException error = refusal(body);
    assertThat(error.code()).isEqualTo(PprofException.TRAILING_GARBAGE);
    assertThat(error).hasMessageContaining("4 bytes").hasMessageContaining("\"oops\"");
  }

  @Test
  void tellsTwoProfilesInOneBody() {
    byte[] gzip = RawPprof.clean().gzip();
    for (byte[] body : new byte[][] {RawPprof.concat(CLEAN, CLEAN), RawPprof.concat(gzip, gzip)}) {
      assertThat(refusal(body).code()).isEqualTo(PprofException.MULTIPLE_PROFILES);
    }
  }

  @Test
  void holdsToEachLimitToTheByte() throws Exception {
    byte[] gzip = RawPprof.clean().gzip();
    PprofLimits limits = PprofLimits.defaults();
    Profile.parse(gzip, limits.withWireBytes(gzip.length));
    assertThat(refusal(gzip, limits.withWireBytes(gzip.length - 1L)))
        .hasMessageContaining("PprofLimits.wireBytes");
    Profile.parse(gzip, limits.withInflatedBytes(CLEAN.length));
    Profile.parse(CLEAN, limits.withInflatedBytes(CLEAN.length));
    for (byte[] body : new byte[][] {gzip, CLEAN}) {
      PprofException error = refusal(body, limits.withInflatedBytes(CLEAN.length - 1L));
      assertThat(error.code()).isEqualTo(PprofException.TOO_LARGE);
      assertThat(error).hasMessageContaining("PprofLimits.inflatedBytes");
    }
  }

  @Test
  void keepsUnknownFieldsOfEveryWireType() throws Exception {
    // 100 varint, 101 fixed64, 102 bytes, 103 fixed32.
    int[] unknown = {
      0xa0, 6, 5, 0xa9, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xb2, 6, 2, 9, 9, 0xbd, 6, 1, 2, 3, 4
    };
    byte[] body =
        RawPprof.concat(
            new RawPprof().raw(unknown).bytes(), RawPprof.clean().function(9, 5).bytes());
    byte[] repaired = unzip(Repair.repair(body).bytes());
    assertThat(Arrays.copyOf(repaired, unknown.length))
        .isEqualTo(Arrays.copyOf(body, unknown.length));
  }

  /** {@code go tool pprof} rejects the whole profile. */
  @Test
  void refusesGroups() {
    byte[] body = RawPprof.clean().raw(0xc3, 6, 8, 1, 0xc4, 6).bytes();
    PprofException error = refusal(body, PprofLimits.defaults());
    assertThat(error.code()).isEqualTo(PprofException.CORRUPT);
    assertThat(error).hasMessageContaining("a group");
  }

  @Test
  void readsPackedAndUnpackedNumbersAlike() throws Exception {
    RawPprof unpacked =
        RawPprof.clean().raw(0x12, 8, 8, 2, 8, 1, 16, 7, 16, 8).number(ProfileFields.COMMENT, 5);
    Profile profile = Profile.parse(unpacked.bytes());
    Sample sample = profile.samples().get(1);
    assertThat(sample.values()).containsExactly(7L, 8L);
    assertThat(sample.stack()).extracting(Frame::function).containsExactly("run", "main");
    assertThat(profile.comments()).containsExactly("main");
    assertThat(profile.totals()).containsExactly(10, 12);
  }

  @Test
  void refusesWrongWireTypes() {
    for (int[] wrong :
        new int[][] {
          {0x10, 1},
          {0x4a, 1, 0},
          {0x5d, 0, 0, 0, 0},
          {0x22, 2, 0x0a, 0},
          {0x0a, 2, 0x0a, 0},
          {0x07}
        }) {
      byte[] body = RawPprof.clean().raw(wrong).bytes();
      assertThat(refusal(body).code()).isIn("corrupt", "multiple_profiles", "truncated");
    }
  }

  static byte[] unzip(byte[] gzip) throws Exception {
    try (GZIPInputStream in = new GZIPInputStream(new java.io.ByteArrayInputStream(gzip))) {
      return in.readAllBytes();
    }
  }
}
