package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Diff;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.Gzip;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Mutated profiles through every stage: only {@link PprofException} may come out, and what repair
 * lets pass, a strict store takes. A failure prints the seed of the input.
 */
class FuzzTest {

  private static final PprofLimits LIMITS = new PprofLimits(4 << 20, 16 << 20, 200);

  /** For a dozen passes over an input, which may inflate to a few MiB. */
  private static final long MAX_ALLOCATED_BYTES = 256L << 20;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int SHORT_INPUTS = 4_000;

  /** How long the long run takes: {@code -Dpsc.fuzz.seconds=600} for ten minutes. */
  private static final long LONG_NANOS = Long.getLong("psc.fuzz.seconds", 50) * 1_000_000_000L;

  private final List<byte[]> seeds = seeds();

  private static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(RawPprof.clean().bytes());
    for (int i = 0; i < 40; i++) {
      seeds.add(Generated.profile(i));
    }
    for (int i = 0; i < 8; i++) {
      seeds.add(cumulative(i));
    }
    for (String dir : new String[] {"fuzz-seeds", "pprof", "delta", "legacy"}) {
      for (Path file : Corpus.files(dir)) {
        try {
          byte[] body = Files.readAllBytes(file);
          if (body.length < 20_000) {
            seeds.add(body);
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return seeds;
  }

  /** A heap profile as Go writes it, of which every second one is in use. */
  private static byte[] cumulative(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RawPprof pprof =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 3, 2)
            .valueType(ProfileFields.PERIOD_TYPE, 4, 2)
            .mapping(1)
            .strings("", "alloc_space", "bytes", "inuse_space", "space", "main", "run")
            .function(1, 5)
            .function(2, 6)
            .time(1_000);
    int locations = seed % 2 == 0 ? 20 : 300;
    for (int i = 1; i <= locations; i++) {
      pprof.location(i, 1, i * 16L, 1 + i % 2);
    }
    for (int i = 0; i < 12; i++) {
      long[] stack = new long[1 + random.nextInt(30)];
      for (int level = 0; level < stack.length; level++) {
        stack[level] = 1L + random.nextInt(locations);
      }
      long[] values = {1L << random.nextInt(50), seed % 2 * i % 2};
      pprof.sample(stack, values, new long[][] {{2, 0, i * 40L, 2}});
    }
    return pprof.bytes();
  }

  @Test
  void survivesEverySeedAsItIs() throws Exception {
    for (byte[] seed : seeds) {
      feed(seed);
    }
  }

  @Test
  void survivesMutatedProfiles() {
    for (int i = 0; i < SHORT_INPUTS; i++) {
      feed(i);
    }
  }

  @Test
  @Tag("slow")
  void survivesMutatedProfilesForAWhile() {
    long end = System.nanoTime() + LONG_NANOS;
    long first = new SplittableRandom().nextLong();
    long tried = 0;
    while (System.nanoTime() < end) {
      feed(first + tried++);
    }
    assertThat(tried).isPositive();
    System.err.println("fuzz: " + tried + " inputs tried from seed " + first);
  }

  private void feed(long seed) {
    byte[] input = mutate(new SplittableRandom(seed));
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      feed(input);
    } catch (Exception | Error e) {
      throw new AssertionError("input of seed " + seed + ": " + HexFormat.of().formatHex(input), e);
    }
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
        .as("bytes allocated for the input of seed %d", seed)
        .isLessThan(MAX_ALLOCATED_BYTES);
  }

  byte[] mutate(SplittableRandom random) {
    byte[] input = seeds.get(random.nextInt(seeds.size()));
    boolean inside = Gzip.isGzip(input, 0, input.length) && random.nextInt(8) != 0;
    if (inside) {
      try {
        Gzip.Inflated plain = Gzip.inflate(input, 0, input.length, LIMITS, input.length, false);
        input = Arrays.copyOf(plain.buf(), plain.length());
      } catch (PprofException e) {
        throw new IllegalStateException(e);
      }
    }
    for (int n = 1 + random.nextInt(6); n > 0; n--) {
      input = mutateOnce(input, random);
    }
    return random.nextInt(4) == 0 ? RawPprof.gzip(input) : input;
  }

  private byte[] mutateOnce(byte[] input, SplittableRandom random) {
    if (input.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    byte[] out = input.clone();
    int at = random.nextInt(input.length);
    switch (random.nextInt(7)) {
      case 0 -> out[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> out[at] = (byte) random.nextInt();
      case 2 -> out[at] = new byte[] {0, 1, 0x7f, -1, -128, 8, 10, 18}[random.nextInt(8)];
      case 3 -> out = Arrays.copyOf(out, at);
      case 4 -> {
        int length = Math.min(1 + random.nextInt(16), input.length - at);
        out =
            RawPprof.concat(
                Arrays.copyOf(input, at), Arrays.copyOfRange(input, at + length, input.length));
      }
      case 5 -> {
        int length = Math.min(1 + random.nextInt(64), input.length - at);
        int to = random.nextInt(input.length);
        out =
            RawPprof.concat(
                Arrays.copyOf(input, to),
                Arrays.copyOfRange(input, at, at + length),
                Arrays.copyOfRange(input, to, input.length));
      }
      default -> {
        byte[] other = seeds.get(random.nextInt(seeds.size()));
        int from = other.length == 0 ? 0 : random.nextInt(other.length);
        out =
            RawPprof.concat(
                Arrays.copyOf(input, at), Arrays.copyOfRange(other, from, other.length));
      }
    }
    return out;
  }

  private static void feed(byte[] input) throws Exception {
    byte[] before = input.clone();
    byte[] repaired = null;
    boolean converted = false;
    try {
      Repaired result = Repair.repair(input, LIMITS, new RepairContext(1, 0));
      repaired = result.bytes();
      converted = result.actions().stream().anyMatch(done -> done.code().equals("converted"));
    } catch (PprofException e) {
      assertNamed(e);
    }
    try {
      PprofCheck check = PprofCheck.check(input, LIMITS);
      assertThat(repaired != null).isEqualTo(check.fatal().isEmpty());
    } catch (PprofException e) {
      assertNamed(e);
      assertThat(repaired == null || converted).isTrue();
    }
    if (repaired == null) {
      try {
        Profile.parse(input, LIMITS);
        throw new AssertionError("readable, but not repaired");
      } catch (PprofException e) {
        assertNamed(e);
      }
    } else {
      assertThat(PprofCheck.check(repaired, LIMITS).violations()).isEmpty();
      Profile profile = Profile.parse(input, LIMITS);
      assertThat(Profile.parse(repaired, LIMITS).totals()).isEqualTo(profile.totals());
      SampleType last = profile.sampleTypes().get(profile.sampleTypes().size() - 1);
      assertThat(saying(repaired)).as("stacks and labels").isEqualTo(saying(input));
      rewrite(converted ? repaired : input, last);
      hashAlike(repaired);
      Profile twice = Profile.parse(Merge.create().add(profile).add(profile).build());
      assertThat(twice.sampleTypes()).hasSameSizeAs(profile.sampleTypes()).doesNotHaveDuplicates();
      Profile difference = Profile.parse(Diff.between(profile, profile));
      assertThat(difference.sampleTypes()).isEqualTo(twice.sampleTypes());
      assertThat(profile.samples().toString()).isNotEmpty();
    }
    assertThat(input).as("the input is not changed").isEqualTo(before);
  }

  /** What repair must not change: stacks, values, and labels but for their names. */
  private static List<String> saying(byte[] body) throws PprofException {
    Profile profile = Profile.parse(body, LIMITS);
    List<String> all = new ArrayList<>();
    for (Sample sample : profile.samples()) {
      StringBuilder text = new StringBuilder(sample.values().toString());
      for (Frame frame : sample.stack().subList(0, Math.min(sample.stack().size(), 1_000))) {
        text.append(frame).append(frame.systemName()).append(frame.line()).append(frame.column());
        text.append(frame.address()).append(frame.inlined()).append(frame.startLine());
        text.append(frame.mapping() < 0 ? "" : profile.mappings().get(frame.mapping()));
      }
      for (SampleLabel label : sample.labels()) {
        text.append(label.text()).append(label.number()).append(label.unit());
      }
      all.add(text.toString());
      if (all.size() == 100) {
        break;
      }
    }
    return all;
  }

  private static void rewrite(byte[] input, SampleType type) throws PprofException {
    try {
      Profile.parse(KeepSampleTypes.of(List.of(type)).apply(input, LIMITS), LIMITS);
    } catch (PprofException e) {
      assertThat(e.code()).isEqualTo(PprofException.NO_SUCH_SAMPLE_TYPE);
    }
    DeltaState state = DeltaState.create();
    if (!(state.advance(input, LIMITS) instanceof DeltaState.Outcome.First)) {
      return;
    }
    Checker checker = CheckedProfile.open(input, LIMITS);
    Rewriter later = new Rewriter(checker, input.length);
    if (later.timeNanos == Long.MAX_VALUE) {
      return;
    }
    later.timeNanos++;
    DeltaState.Outcome outcome = state.advance(later.write().toByteArray(), LIMITS);
    assertThat(outcome).isInstanceOf(DeltaState.Outcome.Delta.class);
    byte[] bytes = ((DeltaState.Outcome.Delta) outcome).bytes();
    assertThat(PprofCheck.check(bytes, LIMITS).fatal()).isEmpty();
    Profile delta = Profile.parse(bytes, LIMITS);
    Profile whole = Profile.parse(input, LIMITS);
    for (int i = 0; i < whole.sampleTypes().size(); i++) {
      // Repair may have made the name what it is, alloc-space for one.
      boolean counts = DeltaState.isCumulative(delta.sampleTypes().get(i));
      assertThat(delta.total(i)).isEqualTo(counts ? 0 : whole.total(i));
    }
  }

  /** The delta's quick way to read samples gives what the slow way gives. */
  private static void hashAlike(byte[] repaired) throws PprofException {
    Checker checker = CheckedProfile.open(repaired, LIMITS);
    ProfileIndex index = checker.index();
    StackTable table = new StackTable(1, 0);
    StackReader quick = new StackReader(checker, new int[] {0});
    assertThat(quick.read(table)).isTrue();
    StackHashes hashes = new StackHashes(checker);
    long[] row = new long[index.sampleTypes()];
    WireReader r = index.over(ProfileFields.SAMPLE);
    long total = 0;
    int n = 0;
    while (r.next()) {
      if (r.field == ProfileFields.SAMPLE) {
        int entry = table.entry(hashes.sample(r.start, r.pos));
        assertThat(entry).isEqualTo(quick.entries[n]);
        CheckedProfile.values(new WireReader(index.buf, r.start, r.pos), row);
        assertThat(quick.others.get(n))
            .isEqualTo(Arrays.stream(row, 1, row.length).anyMatch(value -> value != 0));
        total += row[0];
        n++;
      }
    }
    assertThat(quick.totals).containsExactly(total);
  }

  private static void assertNamed(PprofException e) {
    assertThat(e.code()).matches("[a-z_]+");
    assertThat(e.place()).isNotEmpty();
    assertThat(e.getMessage()).isNotEmpty();
  }
}
