package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.Violation;
import dev.psc.pprof.internal.wire.ProfileFields;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Profiles in the forms that the wire allows, good and bad ones: what is found wrong with them is
 * what was written wrong, in words, in order. Samples are written with separate code, so that
 * nothing of the product is held against itself.
 */
class WireFormsTest {

  /** By how many locations, how far apart, how many strings. */
  private static final Map<List<Integer>, byte[]> TABLES = new ConcurrentHashMap<>();

  /** Writes samples in forms that a seed picks, and notes what is wrong with them. */
  private static final class Scribe {

    final SplittableRandom random;
    final int locations;
    final int step;
    final int strings;
    final int types = 2;
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final List<String> wrong = new ArrayList<>();
    final boolean[] illegalNames;
    int samples;

    /**
     * Starts a profile.
     *
     * @param step how far the ids of locations are apart
     */
    Scribe(long seed, int locations, int step, int strings) {
      this.random = new SplittableRandom(seed);
      this.locations = locations;
      this.step = step;
      this.strings = strings;
      this.illegalNames = new boolean[strings];
      if (step > 1 && locations > 0) {
        wrong.add(
            "location_id_order at location[0].id: the id is " + step + " where 1 is expected");
      }
    }

    byte[] profile() {
      for (int i = 0; i < strings; i++) {
        if (illegalNames[i]) {
          wrong.add(
              "label_name at string_table["
                  + i
                  + "]: the label name \"no-name"
                  + i
                  + "\" does not match [a-zA-Z_][a-zA-Z0-9_]*");
        }
      }
      byte[] rest = TABLES.computeIfAbsent(List.of(locations, step, strings), key -> tables());
      return RawPprof.concat(out.toByteArray(), rest);
    }

    private byte[] tables() {
      ByteArrayOutputStream to = new ByteArrayOutputStream();
      for (int i = 1; i <= locations; i++) {
        byte[] id = varint((long) i * step, 0);
        to.writeBytes(new byte[] {ProfileFields.LOCATION << 3 | 2, (byte) (id.length + 1), 1 << 3});
        to.writeBytes(id);
      }
      RawPprof pprof = new RawPprof().types().strings("", "cpu", "ns", "samples", "count");
      for (int i = 5; i < strings; i++) {
        // Every seventh is not a legal label name.
        pprof.strings((i % 7 == 0 ? "no-name" : "name") + i);
      }
      return RawPprof.concat(to.toByteArray(), pprof.time(1).bytes());
    }

    /** Returns a number in its shortest form, or with so many bytes more that say nothing. */
    static byte[] varint(long number, int more) {
      byte[] bytes = new byte[10];
      int n = 0;
      long rest = number;
      do {
        bytes[n++] = (byte) ((rest & 0x7f) | 0x80);
        rest >>>= 7;
      } while (rest != 0);
      int length = Math.min(10, n + more);
      Arrays.fill(bytes, n, length, (byte) 0x80);
      bytes[length - 1] &= 0x7f;
      return Arrays.copyOf(bytes, length);
    }

    byte[] number(long number) {
      return varint(number, random.nextInt(6) == 0 ? random.nextInt(10) : 0);
    }

    void field(ByteArrayOutputStream to, int field, byte[] payload) {
      to.writeBytes(number(field << 3 | 2));
      to.writeBytes(number(payload.length));
      to.writeBytes(payload);
    }

    void field(ByteArrayOutputStream to, int field, long value) {
      to.writeBytes(number(field << 3));
      to.writeBytes(number(value));
    }

    void unknown(ByteArrayOutputStream to, int from) {
      switch (random.nextInt(8)) {
        case 0 -> field(to, from + random.nextInt(200), random.nextLong());
        case 1 -> field(to, from + random.nextInt(200), new byte[random.nextInt(5)]);
        case 2 -> {
          to.writeBytes(number((from + random.nextInt(200)) << 3 | 5));
          to.writeBytes(new byte[4]);
        }
        default -> {}
      }
    }

    void numbers(ByteArrayOutputStream to, int field, long[] numbers) {
      int at = 0;
      while (at < numbers.length || random.nextInt(20) == 0) {
        if (at < numbers.length && random.nextInt(12) == 0) {
          field(to, field, numbers[at++]);
          continue;
        }
        int end = random.nextInt(4) == 0 ? random.nextInt(at, numbers.length + 1) : numbers.length;
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (; at < end; at++) {
          packed.writeBytes(number(numbers[at]));
        }
        field(to, field, packed.toByteArray());
        unknown(to, 4);
      }
    }

    long id() {
      return switch (random.nextInt(locations == 0 ? 4 : 60)) {
        case 0 -> 0;
        case 1 -> locations * (long) step + 1;
        case 2 -> random.nextLong();
        case 3 -> 1L << random.nextInt(64);
        case 4 -> (long) locations * step;
        case 5 -> step;
        default -> (1L + random.nextInt(locations)) * step;
      };
    }

    void sample() {
      ByteArrayOutputStream sample = new ByteArrayOutputStream();
      unknown(sample, 4);
      int labels = random.nextInt(3);
      for (int i = 0; i < labels; i++) {
        label(sample);
      }
      long[] stack = new long[random.nextInt(4) == 0 ? random.nextInt(300) : random.nextInt(24)];
      for (int i = 0; i < stack.length; i++) {
        stack[i] = id();
        location(stack[i]);
      }
      numbers(sample, ProfileFields.SAMPLE_LOCATION_ID, stack);
      int count = random.nextInt(10) == 0 ? random.nextInt(5) : types;
      numbers(sample, ProfileFields.SAMPLE_VALUE, random.longs(count).toArray());
      if (random.nextInt(4) == 0) {
        label(sample);
      }
      if (count != types) {
        wrong.add(
            "value_count at "
                + place("value")
                + ": the sample has "
                + count
                + " values where there are "
                + types
                + " sample types");
      }
      field(out, ProfileFields.SAMPLE, sample.toByteArray());
      unknown(out, 16);
      samples++;
    }

    String place(String field) {
      return "sample[" + samples + "]." + field;
    }

    void location(long id) {
      if (id == 0) {
        wrong.add(
            "stack_location_zero at "
                + place("location_id")
                + ": a location id of the sample is 0");
      } else if (id < 0 || id > (long) locations * step || id % step != 0) {
        wrong.add(
            "stack_location_missing at "
                + place("location_id")
                + ": there is no location with the id "
                + Long.toUnsignedString(id));
      }
    }

    long text() {
      return switch (random.nextInt(30)) {
        case 0 -> strings;
        case 1 -> -1 - random.nextInt(5);
        case 2 -> random.nextLong();
        case 3 -> 0;
        default -> strings - 1L - random.nextInt(strings - 1);
      };
    }

    void label(ByteArrayOutputStream sample) {
      ByteArrayOutputStream label = new ByteArrayOutputStream();
      long key = 0;
      int fields = 1 + random.nextInt(4);
      for (int i = 0; i < fields; i++) {
        unknown(label, 5);
        int field = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1 + i;
        long value = field == 3 ? random.nextLong() : text();
        field(label, field, value);
        if (field == 1) {
          key = value;
        }
        if (field != 3 && (value < 0 || value >= strings)) {
          wrong.add(
              "string_index at "
                  + place("label." + new String[] {"key", "str", "num", "num_unit"}[field - 1])
                  + ": string index "
                  + value
                  + " where the string table has "
                  + strings
                  + " entries");
        }
      }
      if (key == 0) {
        wrong.add("label_key at " + place("label") + ": a label of the sample has no key");
      } else if (key > 0 && key < strings && key % 7 == 0) {
        illegalNames[(int) key] = true;
      }
      field(sample, ProfileFields.SAMPLE_LABEL, label.toByteArray());
    }
  }

  private static List<String> found(byte[] body) throws PprofException {
    return PprofCheck.check(body).violations().stream().map(Violation::toString).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 5",
    "1, 1, 64",
    "127, 1, 128",
    "128, 1, 129",
    "129, 1, 200",
    "130, 3, 200",
    "255, 1, 8",
    "256, 1, 8",
    "1000, 1, 300",
    "5000, 7, 16384",
    "16383, 1, 16385",
    "16384, 1, 20000",
    "20000, 1, 20000"
  })
  void findsWhatIsWrongAndNothingElseInEveryForm(int locations, int step, int strings)
      throws Exception {
    for (long seed = 0; seed < 20; seed++) {
      Scribe scribe = new Scribe(seed, locations, step, strings);
      // As many as are put in words.
      while (scribe.samples < 12 && scribe.wrong.size() < 40) {
        scribe.sample();
      }
      byte[] profile = scribe.profile();
      List<String> expected = scribe.wrong;
      assertThat(found(profile).stream().limit(99))
          .as("seed %d", seed)
          .containsExactlyElementsOf(expected.stream().limit(99).toList());
      assertThat(PprofCheck.check(profile).breaches())
          .as("breaches of seed %d", seed)
          .isEqualTo(expected.size());
    }
  }

  /** A sample of two parts of each kind, in forms that writers do not use. */
  private static List<byte[]> parts() {
    return List.of(
        bytes(0x0a, 5, 0x81, 0, 2, 0x80, 1),
        bytes(0x08, 0x82, 0x80, 0),
        bytes(0x8a, 0, 0x82, 0, 1, 2),
        bytes(0x12, 10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1),
        bytes(0x10, 0xff, 1),
        bytes(0x1a, 7, 0x08, 0x85, 0, 0x10, 1, 0x18, 3),
        bytes(0x9a, 0x80, 0, 5, 8, 1, 0xa0, 0, 2));
  }

  private static byte[] bytes(int... bytes) {
    byte[] result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      result[i] = (byte) bytes[i];
    }
    return result;
  }

  @Test
  void tellsASampleThatIsCutAtAnyByte() throws Exception {
    byte[] tables = new Scribe(0, 200, 1, 8).profile();
    byte[] sample = RawPprof.concat(parts().toArray(byte[][]::new));
    List<Integer> ends = new ArrayList<>(List.of(0));
    for (byte[] part : parts()) {
      ends.add(ends.get(ends.size() - 1) + part.length);
    }
    int[] values = {0, 0, 0, 0, 1, 2, 2, 2};
    for (int cut = 0; cut <= sample.length; cut++) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(bytes(0x12, cut));
      out.write(sample, 0, cut);
      byte[] body = RawPprof.concat(out.toByteArray(), tables);
      int part = ends.indexOf(cut);
      if (part < 0) {
        PprofException error =
            catchThrowableOfType(PprofException.class, () -> PprofCheck.check(body));
        assertThat(error).as("cut at %d", cut).isNotNull();
        assertThat(error.code()).isEqualTo(PprofException.TRUNCATED);
      } else if (values[part] == 2) {
        assertThat(found(body)).isEmpty();
      } else {
        assertThat(found(body))
            .containsExactly(
                "value_count at sample[0].value: the sample has "
                    + values[part]
                    + " values where there are 2 sample types");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ProfileFields.SAMPLE_LOCATION_ID, ProfileFields.SAMPLE_VALUE})
  void tellsPackedNumbersThatAreCut(int field) {
    byte[] tables = new Scribe(0, 200, 1, 8).profile();
    for (int[] numbers : new int[][] {{0x81}, {1, 1, 1, 1, 1, 1, 1, 0x81}, {1, 0x81, 0x80}}) {
      byte[] sample =
          RawPprof.concat(bytes(field << 3 | 2, numbers.length), bytes(numbers), bytes(0x10, 1));
      byte[] body = RawPprof.concat(bytes(0x12, sample.length), sample, tables);
      PprofException error =
          catchThrowableOfType(PprofException.class, () -> PprofCheck.check(body));
      assertThat(error).isNotNull();
      assertThat(error.code()).isEqualTo(PprofException.TRUNCATED);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ProfileFields.SAMPLE_LOCATION_ID, ProfileFields.SAMPLE_VALUE})
  void tellsPackedNumbersOfMoreThan64Bits(int field) {
    byte[] tables = new Scribe(0, 200, 1, 8).profile();
    for (int last : new int[] {2, 0x81}) {
      byte[] sample =
          bytes(field << 3 | 2, 11, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, last, 0);
      byte[] body = RawPprof.concat(bytes(0x12, sample.length), sample, tables);
      PprofException error =
          catchThrowableOfType(PprofException.class, () -> PprofCheck.check(body));
      assertThat(error).isNotNull();
      assertThat(error.code()).isEqualTo(PprofException.CORRUPT);
    }
  }

  /** Fields of messages, their parents, and the wire types they may have. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sample_type | 0a | 1-2 | field %d of a value type",
        "mapping | 1a | 1-10 | field %d of mapping[0]",
        "location | 22 | 1-3,5 | field %d of location[0]",
        "line | 22 22 | 1-3 | field %d of line of location[0]",
        "function | 2a | 1-5 | field %d of function[0]",
        "label | 12 1a | 1-4 | a label of sample[0]",
      })
  void takesNumbersOnlyWhereNumbersBelong(String message, String tags, String fields, String says)
      throws Exception {
    int last = 0;
    for (String range : fields.split(",", -1)) {
      String[] ends = range.split("-", -1);
      last = Integer.parseInt(ends[ends.length - 1]);
      for (int field = Integer.parseInt(ends[0]); field <= last; field++) {
        for (int type : new int[] {1, 2, 5}) {
          byte[] body = only(tags, field, type);
          PprofException error =
              catchThrowableOfType(PprofException.class, () -> PprofCheck.check(body));
          assertThat(error).as("field %d, wire type %d", field, type).isNotNull();
          assertThat(error.code()).isEqualTo(PprofException.CORRUPT);
          assertThat(error)
              .hasMessageContaining(
                  String.format(says, field) + " has the wrong wire type " + type);
        }
      }
    }
    for (int type : new int[] {0, 1, 2, 5}) {
      assertThat(PprofCheck.check(only(tags, last + 1, type)).violations())
          .as("unknown field of wire type %d", type)
          .isNotNull();
    }
  }

  @Test
  void takesMessagesOnlyWhereMessagesBelong() {
    for (int type : new int[] {0, 1, 5}) {
      for (String place : new String[] {"22:4:location[0].line", "12:3:field 3 of sample[0]"}) {
        String[] parts = place.split(":", -1);
        byte[] body = only(parts[0], Integer.parseInt(parts[1]), type);
        PprofException error =
            catchThrowableOfType(PprofException.class, () -> PprofCheck.check(body));
        assertThat(error).as("%s of wire type %d", place, type).isNotNull();
        assertThat(error).hasMessageContaining(parts[2] + " has the wrong wire type " + type);
      }
    }
    for (int type : new int[] {1, 5}) {
      for (int field : new int[] {ProfileFields.SAMPLE_LOCATION_ID, ProfileFields.SAMPLE_VALUE}) {
        byte[] body = only("12", field, type);
        PprofException error =
            catchThrowableOfType(PprofException.class, () -> PprofCheck.check(body));
        assertThat(error)
            .hasMessageContaining(
                "field " + field + " of sample[0] has the wrong wire type " + type);
      }
    }
  }

  /** A profile of one message, in others, of one field. */
  private static byte[] only(String tags, int field, int type) {
    int length = type == 1 ? 8 : type == 5 ? 4 : 1;
    byte[] inner = RawPprof.concat(bytes(field << 3 | type), new byte[length]);
    String[] outer = tags.split(" ", -1);
    for (int i = outer.length - 1; i >= 0; i--) {
      inner = RawPprof.concat(bytes(Integer.parseInt(outer[i], 16), inner.length), inner);
    }
    return RawPprof.concat(inner, new RawPprof().types().strings("", "cpu", "ns").bytes());
  }
}
