package dev.psc.examples.benchmarks;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The inputs of the measurements of psc-delivery. */
final class DeliveryInputs {

  private static final int SERIES = 50;
  private static final int ROUNDS = 4;

  /** The number of samples in 50 kB. */
  private static final int SAMPLES = 300;

  private DeliveryInputs() {}

  /** Returns profiles of 50 series, several of each, about 50 kB each. */
  static List<RawProfile> profiles() {
    List<RawProfile> profiles = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      byte[] pprof = Inputs.heap(round, SAMPLES);
      for (int s = 0; s < SERIES; s++) {
        LabelSet labels =
            LabelSet.of(LabelSet.NAME, "memory", "job", "bench", "instance", "10.0.0." + s);
        profiles.add(RawProfile.of(labels, pprof));
      }
    }
    return profiles;
  }

  static void awaitNanos(long until) {
    long left;
    while ((left = until - System.nanoTime()) > 0) {
      LockSupport.parkNanos(left);
    }
  }

  static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
