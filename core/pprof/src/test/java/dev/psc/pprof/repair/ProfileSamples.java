package dev.psc.pprof.repair;

import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.format.PprofException;
import java.util.SplittableRandom;

/** Profiles that look like real ones, for tests and for eyes. */
public final class ProfileSamples {

  private static final String[] PACKAGES = {
    "com.example.shop.cart",
    "com.example.shop.search",
    "org.springframework.web.servlet",
    "io.netty.channel.nio",
    "java.util.concurrent",
    "com.fasterxml.jackson.databind",
    "org.postgresql.core",
    "jdk.internal.misc"
  };
  private static final String[] CLASSES = {
    "Handler", "Service", "Dispatcher", "Parser", "Buffer", "Query", "Encoder", "Worker", "Index"
  };
  private static final String[] METHODS = {
    "run", "handle", "apply", "read", "parse", "encode", "lookup", "invoke", "flush", "compare"
  };

  private ProfileSamples() {}

  /** Every kind of thing that a profile may have, once. */
  public static byte[] mixed() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("samples", "count");
    profile.sampleType("cpu", "nanoseconds");
    profile.periodType("cpu", "nanoseconds", 10).timeNanos(7).comment("a").comment("b");
    int jvm = profile.mapping("java", "");
    int lib = profile.nativeMapping(0x7000_0000, 0x7000_9000, 0x400, "/lib/libx.so", "abc");
    int f = profile.function("f", "_f", "F.java", 1);
    int g = profile.function("g", "", "", 0);
    int a = profile.location(jvm, 0, f, 3);
    int b = profile.inlinedLocation(jvm, 0, new int[] {g, f, g}, new long[] {1, 2, 3});
    int c = profile.location(lib, 0x7000_1234, 0, 0);
    int d = profile.location(0, 0xffff_ffff_8000_0000L, g, 0);
    profile.sample(new int[] {c, a, a, b, a}, 0, 5, profile.labels("k", "v", "l", "w"), 1, 10);
    int numbers = profile.withNumber(profile.labels("k", "ä"), "bytes", 512, "bytes");
    profile.sample(new int[] {a, b}, 0, 2, profile.withNumber(numbers, "id", -1, ""), 2, 20);
    profile.sample(new int[] {d}, 0, 1, ProfileBuilder.NO_LABELS, -3, Long.MAX_VALUE / 4);
    profile.sample(new int[0], 0, 0, ProfileBuilder.NO_LABELS, 4, 0);
    return profile.build();
  }

  /**
   * A profile of a service.
   *
   * @param samples how many stacks are drawn
   * @param width how many functions each function calls
   */
  public static Profile service(int samples, int width, int depth) throws PprofException {
    SplittableRandom random = new SplittableRandom(42);
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_objects", "count");
    profile.sampleType("alloc_space", "bytes");
    profile.sampleType("cpu", "nanoseconds");
    profile.periodType("cpu", "nanoseconds", 10_000_000);
    profile.timeNanos(1_790_000_000_000_000_000L).durationNanos(10_000_000_000L);
    int jvm = profile.mapping("java", "");
    int[] stack = new int[depth];
    for (int i = 0; i < samples; i++) {
      int frames = depth / 3 + random.nextInt(depth - depth / 3);
      long path = 1;
      for (int level = 0; level < frames; level++) {
        // Low numbers are likelier, so that some paths are hot.
        int choice = (int) (width * Math.pow(random.nextDouble(), 3));
        path = path * 31 + choice + 1;
        int hash = (int) (path ^ (path >>> 17)) & 0x7fffffff;
        String pack = PACKAGES[(level / 4 + hash % 2) % PACKAGES.length];
        String type = CLASSES[hash % CLASSES.length];
        String name = pack + "." + type + "." + METHODS[hash / 7 % METHODS.length];
        int function = profile.function(name, "", type + ".java", hash % 300);
        stack[depth - 1 - level] = profile.location(jvm, 0, function, hash % 300 + 5);
      }
      int objects = 1 + random.nextInt(20);
      profile.sample(
          stack, depth - frames, frames, 0, objects, objects * 96L, 10_000_000L * objects);
    }
    return Profile.parse(profile.build());
  }
}
