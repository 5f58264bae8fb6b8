package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.internal.legacy.LegacyProfile;
import dev.psc.pprof.internal.wire.Unwrapped;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Converted legacy profiles are what google/pprof's own converter makes of them. */
@Tag("interop")
class GoLegacyTest {

  private static final int MUTATIONS = 2_000;
  private static final PprofLimits LIMITS = PprofLimits.defaults();
  private static final byte[] CHARACTERS =
      "0123456789abcdefx@:[]-=$#\n/() ".getBytes(StandardCharsets.UTF_8);
  private static final String[] LINES = {
    "name=/x/y",
    "$name 12",
    "400000-500000 r-xp 00000000 08:01 1234 $name",
    "W0101 a.cc:12] 7f00-7f10: /lib/x.so (@10) ab12",
    "# comment",
    "cafe",
    "0x1 - 0x2",
    " 40 50 /p q",
    "1:2[3:4]@heap_v2/1",
    "   1 2 @ 0x1"
  };

  @TempDir private static Path directory;

  private static Path program;
  private static List<Path> samples;

  @BeforeAll
  static void build() throws Exception {
    Commands.assumeOnPath("go");
    Path source = Path.of("src/test/interop/legacy").toAbsolutePath();
    program = directory.resolve("legacy");
    String testdata;
    try {
      List<String> go = List.of("go", "-C", source.toString());
      Commands.output(directory, join(go, "build", "-mod=mod", "-o", program.toString(), "."));
      testdata =
          Commands.output(
              directory, join(go, "list", "-m", "-f", "{{.Dir}}", "github.com/google/pprof"));
    } catch (AssertionError e) {
      assumeTrue(false, "google/pprof cannot be built, perhaps without a network: " + e);
      return;
    }
    try (var files = Files.list(Path.of(testdata.strip(), "profile", "testdata"))) {
      samples = files.filter(file -> !file.toString().endsWith(".string")).sorted().toList();
    }
    assertThat(samples).hasSizeGreaterThan(10);
  }

  private static List<String> join(List<String> command, String... more) {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(more));
    return all;
  }

  /** Converts bodies with both and returns how many of them google/pprof converts. */
  private static int compare(List<byte[]> bodies) throws Exception {
    Path legacy = Files.createTempDirectory(directory, "legacy");
    Path ours = Files.createTempDirectory(directory, "ours");
    Path out = Files.createTempDirectory(directory, "out");
    for (int i = 0; i < bodies.size(); i++) {
      Files.write(legacy.resolve("" + i), bodies.get(i));
      try {
        Unwrapped converted = LegacyProfile.convert(Unwrapped.open(bodies.get(i), LIMITS), LIMITS);
        if (converted != null) {
          Files.write(ours.resolve("" + i), Arrays.copyOf(converted.buf(), converted.to()));
        }
      } catch (PprofException e) {
        assertThat(e.code()).isEqualTo(PprofException.LEGACY_TEXT);
      }
    }
    Commands.output(
        directory, List.of(program.toString(), legacy.toString(), ours.toString(), out.toString()));
    int converted = 0;
    for (int i = 0; i < bodies.size(); i++) {
      String theirs = Files.readString(out.resolve(i + ".theirs"));
      Path file = out.resolve(i + ".ours");
      String mine = Files.exists(file) ? Files.readString(file) : "error";
      assertThat(mine)
          .as("body %d: %s", i, new String(bodies.get(i), StandardCharsets.ISO_8859_1))
          .isEqualTo(theirs);
      converted += theirs.equals("error") ? 0 : 1;
    }
    return converted;
  }

  @Test
  void convertsItsSamplesTheSame() throws Exception {
    List<byte[]> bodies = new ArrayList<>();
    for (Path sample : samples) {
      bodies.add(Files.readAllBytes(sample));
    }
    assertThat(compare(bodies)).isEqualTo(samples.size());
  }

  @Test
  void convertsOrRejectsMutatedSamplesTheSame() throws Exception {
    List<byte[]> bodies = new ArrayList<>();
    for (int seed = 0; seed < MUTATIONS; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] body = Files.readAllBytes(samples.get(random.nextInt(samples.size())));
      for (int i = 1 + random.nextInt(6); i > 0 && body.length > 0; i--) {
        body = mutated(body, random);
      }
      bodies.add(body);
    }
    assertThat(compare(bodies)).isGreaterThan(MUTATIONS / 4);
  }

  private static byte[] mutated(byte[] body, SplittableRandom random) throws IOException {
    int at = random.nextInt(body.length);
    byte[] other = Files.readAllBytes(samples.get(random.nextInt(samples.size())));
    byte[] text = {CHARACTERS[random.nextInt(CHARACTERS.length)]};
    return switch (random.nextInt(7)) {
      case 0 -> spliced(body, at, text, at + 1);
      case 1 -> spliced(body, at, new byte[0], at + 1 + random.nextInt(30));
      case 2 -> spliced(body, at, text, at);
      case 3 -> spliced(body, at, new byte[0], body.length);
      case 4 -> {
        int from = lineAt(body, at);
        yield spliced(body, from, new byte[0], nextLine(body, from));
      }
      case 5 -> {
        int from = lineAt(other, random.nextInt(other.length));
        byte[] line = Arrays.copyOfRange(other, from, nextLine(other, from));
        int place = lineAt(body, at);
        yield spliced(body, place, line, place);
      }
      default -> {
        byte[] line = (LINES[random.nextInt(LINES.length)] + "\n").getBytes(StandardCharsets.UTF_8);
        int place = lineAt(body, at);
        yield spliced(body, place, line, random.nextBoolean() ? place : nextLine(body, place));
      }
    };
  }

  private static int lineAt(byte[] body, int at) {
    int from = at;
    while (from > 0 && body[from - 1] != '\n') {
      from--;
    }
    return from;
  }

  private static int nextLine(byte[] body, int from) {
    int to = from;
    while (to < body.length && body[to] != '\n') {
      to++;
    }
    return Math.min(body.length, to + 1);
  }

  private static byte[] spliced(byte[] body, int from, byte[] text, int to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(body, 0, from);
    out.writeBytes(text);
    int rest = Math.min(to, body.length);
    out.write(body, rest, body.length - rest);
    return out.toByteArray();
  }
}
