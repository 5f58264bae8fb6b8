package dev.psc.pprof.repair;

import dev.psc.pprof.internal.wire.ProfileFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Profiles that the format allows, of every shape: sparse ids in any order, empty tables,
 * recursion, inlined frames, numeric labels with units, no period type, fields in any order.
 */
final class Generated {

  private Generated() {}

  static byte[] profile(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> strings = new ArrayList<>(List.of(""));
    for (int i = 0; i < 20; i++) {
      // Three in a row that become the same name when made legal.
      strings.add(
          switch (i % 5) {
            case 2 -> "n_me_" + (i + 2);
            case 3 -> "n/me/" + (i + 1);
            case 4 -> "näme/" + i;
            default -> "name" + i;
          });
    }
    int functions = random.nextInt(6);
    int mappings = random.nextInt(4);
    int locations = functions == 0 && random.nextBoolean() ? 0 : random.nextInt(200);
    int types = 1 + random.nextInt(4);
    long[] functionIds = ids(random, functions);
    long[] mappingIds = ids(random, mappings);
    long[] locationIds = ids(random, locations);

    List<byte[]> parts = new ArrayList<>();
    List<byte[]> sampleTypes = new ArrayList<>();
    for (int i = 0; i < types; i++) {
      sampleTypes.add(
          new RawPprof().valueType(ProfileFields.SAMPLE_TYPE, 1 + i, random.nextInt(21)).bytes());
    }
    parts.add(RawPprof.concat(sampleTypes.toArray(byte[][]::new)));
    if (random.nextBoolean()) {
      parts.add(new RawPprof().valueType(ProfileFields.PERIOD_TYPE, random.nextInt(21), 2).bytes());
    }
    if (random.nextBoolean()) {
      parts.add(new RawPprof().time(random.nextLong(1, 1L << 60)).bytes());
    }
    if (random.nextBoolean()) {
      parts.add(new RawPprof().number(ProfileFields.DEFAULT_SAMPLE_TYPE, 1).bytes());
    }
    if (random.nextBoolean()) {
      parts.add(
          new RawPprof().number(ProfileFields.COMMENT, 3).number(ProfileFields.COMMENT, 7).bytes());
    }
    parts.add(tables(random, functionIds, mappingIds, locationIds));
    parts.add(samples(random, types, locationIds));
    parts.add(new RawPprof().strings(strings.toArray(String[]::new)).bytes());
    Collections.shuffle(parts, new Random(random.nextLong()));
    return RawPprof.concat(parts.toArray(byte[][]::new));
  }

  private static long[] ids(SplittableRandom random, int count) {
    long[] ids = new long[count];
    boolean sparse = random.nextBoolean();
    long next = 0;
    for (int i = 0; i < count; i++) {
      next += sparse ? random.nextLong(1, random.nextBoolean() ? 5 : 1L << 40) : 1;
      ids[i] = next;
    }
    if (sparse) {
      for (int i = count - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        long swap = ids[i];
        ids[i] = ids[j];
        ids[j] = swap;
      }
    }
    return ids;
  }

  private static byte[] tables(
      SplittableRandom random, long[] functionIds, long[] mappingIds, long[] locationIds) {
    RawPprof pprof = new RawPprof();
    for (int i = 0; i < mappingIds.length; i++) {
      pprof.mapping(mappingIds[i], i * 0x1000L, random.nextInt(21));
    }
    for (int i = 0; i < locationIds.length; i++) {
      int lines = functionIds.length == 0 ? 0 : random.nextInt(3);
      long[] called = new long[lines];
      for (int l = 0; l < lines; l++) {
        called[l] = functionIds[random.nextInt(functionIds.length)];
      }
      long mapping =
          mappingIds.length == 0 || random.nextBoolean()
              ? 0
              : mappingIds[random.nextInt(mappingIds.length)];
      pprof.location(locationIds[i], mapping, 0x100 + i, called);
    }
    for (long id : functionIds) {
      pprof.function(id, 1 + random.nextInt(20));
    }
    return pprof.bytes();
  }

  private static byte[] samples(SplittableRandom random, int types, long[] locationIds) {
    RawPprof pprof = new RawPprof();
    int samples = random.nextInt(30);
    for (int i = 0; i < samples; i++) {
      long[] stack = new long[locationIds.length == 0 ? 0 : random.nextInt(40)];
      for (int s = 0; s < stack.length; s++) {
        stack[s] = locationIds[random.nextInt(locationIds.length)];
      }
      long[] values = new long[types];
      for (int v = 0; v < types; v++) {
        values[v] =
            switch (random.nextInt(4)) {
              case 0 -> 0;
              case 1 -> random.nextInt(200);
              case 2 -> random.nextLong(1L << 40);
              default -> -random.nextInt(1000);
            };
      }
      long[][] labels = new long[random.nextInt(3)][];
      for (int l = 0; l < labels.length; l++) {
        long key = 1L + random.nextInt(20);
        labels[l] =
            random.nextBoolean()
                ? new long[] {key, 1 + random.nextInt(20)}
                : new long[] {key, 0, random.nextLong(), random.nextInt(21)};
      }
      pprof.sample(stack, values, labels);
    }
    return pprof.bytes();
  }
}
