package dev.psc.examples.benchmarks.scraper;

import dev.psc.pprof.ProfileBuilder;
import java.util.List;
import java.util.SplittableRandom;

/** Generated profiles in the shape of a Go service's, of a wanted size. */
final class BenchmarkProfiles {

  /** The profiles that both scrapers fetch by default. */
  static final List<String> NAMES = List.of("allocs", "block", "goroutine", "mutex", "profile");

  private BenchmarkProfiles() {}

  /** Returns a profile of at least so many bytes on the wire, and at most a tenth more. */
  static byte[] gzipped(String name, int wireBytes) {
    int samples = Math.max(10, wireBytes / 100);
    byte[] profile = profile(name, samples);
    while (profile.length < wireBytes) {
      samples += 1 + samples / 20;
      profile = profile(name, samples);
    }
    return profile;
  }

  private static byte[] profile(String name, int samples) {
    ProfileBuilder profile = ProfileBuilder.create();
    boolean heap = name.equals("allocs");
    for (String type :
        heap
            ? List.of("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")
            : List.of("contentions")) {
      profile.sampleType(type, type.endsWith("space") ? "bytes" : "count");
    }
    profile.timeNanos(System.currentTimeMillis() * 1_000_000L).durationNanos(10_000_000_000L);
    SplittableRandom random = new SplittableRandom(name.hashCode());
    int mapping = profile.nativeMapping(0x400000, 0x900000, 0, "/app/server", "b1");
    int[] locations = new int[Math.max(20, samples * 2)];
    for (int i = 0; i < locations.length; i++) {
      int function =
          profile.function("example.com/app/pkg" + i % 31 + ".f" + i, "", "f" + i % 60 + ".go", 0);
      locations[i] = profile.location(mapping, 0x400000 + i * 37L, function, i % 500);
    }
    int[] stack = new int[24];
    for (int i = 0; i < samples; i++) {
      int depth = 4 + random.nextInt(20);
      for (int level = 0; level < depth; level++) {
        stack[level] = locations[random.nextInt(locations.length)];
      }
      long value = 1L + random.nextInt(5_000);
      if (heap) {
        profile.sample(
            stack, 0, depth, ProfileBuilder.NO_LABELS, value, value * 64, i % 2, i % 2 * 64L);
      } else {
        profile.sample(stack, 0, depth, ProfileBuilder.NO_LABELS, value);
      }
    }
    return profile.build();
  }
}
