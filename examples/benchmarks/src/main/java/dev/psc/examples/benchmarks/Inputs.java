package dev.psc.examples.benchmarks;

import dev.psc.pprof.ProfileBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Real profiles if available, otherwise generated ones of the size and shape of Go's. */
final class Inputs {

  private Inputs() {}

  /**
   * Two scrapes of one cumulative profile, bare protobuf.
   *
   * @param name a description
   * @param before the earlier one
   * @param after the later one
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Pair(String name, byte[] before, byte[] after) {}

  /** Returns the big pair of the corpus, or a generated one without a corpus. */
  static Pair bigPair() throws IOException {
    byte[] before = Corpus.read("delta", "stress-failure.before.pprof");
    byte[] after = Corpus.read("delta", "stress-failure.after.pprof");
    return before == null || after == null
        ? new Pair("a generated pair", inflate(heap(0)), inflate(heap(1)))
        : new Pair("the big pair of the corpus", before, after);
  }

  /**
   * A profile.
   *
   * @param name a description
   * @param body the bytes, in gzip
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Named(String name, byte[] body) {}

  /** Returns a generated heap profile and, with a corpus, its big one, in gzip like Go's. */
  static List<Named> heaps() throws IOException {
    List<Named> heaps = new ArrayList<>();
    heaps.add(new Named("the generated profile", heap(0)));
    byte[] big = Corpus.read("pprof", "big-heap.pprof");
    if (big != null) {
      ByteArrayOutputStream gzip = new ByteArrayOutputStream();
      try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
        out.write(big);
      }
      heaps.add(new Named("the corpus' big heap profile", gzip.toByteArray()));
    }
    return heaps;
  }

  /** Returns a profile of about 300 kB in gzip; counters grow with the round. */
  static byte[] heap(int round) {
    return heap(round, 5_600);
  }

  /** Returns a profile with a number of samples, in gzip; 300 samples have 50 kB. */
  static byte[] heap(int round, int samples) {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_objects", "count");
    profile.sampleType("alloc_space", "bytes");
    profile.sampleType("inuse_objects", "count");
    profile.sampleType("inuse_space", "bytes");
    profile.periodType("space", "bytes", 524_288);
    profile.timeNanos(1_790_000_000_000_000_000L + round).durationNanos(1_000_000_000L);
    java.util.SplittableRandom random = new java.util.SplittableRandom(7);
    int mapping = profile.nativeMapping(0x400000, 0x900000, 0, "/app/server", "b1");
    int[] locations = new int[2_000];
    for (int i = 0; i < locations.length; i++) {
      int function =
          profile.function(
              "example.com/app/pkg" + i % 61 + ".f" + i % 1_200, "", "f" + i % 300 + ".go", 0);
      locations[i] = profile.location(mapping, 0x400000 + i * 37L, function, i % 500);
    }
    int[] stack = new int[40];
    for (int i = 0; i < samples; i++) {
      int depth = 8 + random.nextInt(30);
      for (int level = 0; level < depth; level++) {
        stack[level] = locations[random.nextInt(locations.length)];
      }
      long objects = 1L + random.nextInt(5_000);
      int labels = profile.withNumber(ProfileBuilder.NO_LABELS, "bytes", 16L << i % 12, "bytes");
      long grown = objects + (i % 3 == 0 ? round * 10L : 0L);
      profile.sample(stack, 0, depth, labels, grown, grown * 64, i % 2, i % 2 * 64L);
    }
    return profile.build();
  }

  static byte[] inflate(byte[] gzip) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      return in.readAllBytes();
    }
  }
}
