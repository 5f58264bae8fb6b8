package dev.psc.pprof.internal.wire;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.Inflater;

/**
 * A pool of inflaters and their output arrays, which later profiles reuse. An inflater has 40 kB
 * outside the heap, and a cleaner that the collector has to process; the output is the largest
 * array of a scrape. A few of each are kept per JVM. Thread-safe.
 */
final class InflatePool {

  private static final int MAX_KEPT = Math.min(4, Runtime.getRuntime().availableProcessors());

  /** The largest array that is kept. */
  private static final int MAX_KEPT_BYTES = 512 << 10;

  /** Sizes are multiples of this, so that profiles of similar sizes can use the same arrays. */
  private static final int STEP_BYTES = 32 << 10;

  private static final ArrayBlockingQueue<Inflater> INFLATERS = new ArrayBlockingQueue<>(MAX_KEPT);
  private static final ArrayBlockingQueue<byte[]> OUTPUTS = new ArrayBlockingQueue<>(MAX_KEPT);

  private InflatePool() {}

  /** Returns an inflater for raw deflate, to be released afterwards. */
  static Inflater inflater() {
    Inflater kept = INFLATERS.poll();
    return kept == null ? new Inflater(true) : kept;
  }

  static void release(Inflater inflater) {
    inflater.reset();
    if (!INFLATERS.offer(inflater)) {
      inflater.end();
    }
  }

  /** Returns an array of at least a size, whose content is undefined. */
  static byte[] output(int size) {
    byte[] kept = size <= MAX_KEPT_BYTES ? OUTPUTS.poll() : null;
    if (kept != null && kept.length >= size) {
      return kept;
    }
    return new byte
        [size > MAX_KEPT_BYTES ? size : (size + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES];
  }

  /** Keeps an array for later profiles. Nothing may read it any more. */
  static void release(byte[] output) {
    if (output.length <= MAX_KEPT_BYTES && !OUTPUTS.offer(output)) {
      // The smaller ones of a service's profiles are of less use.
      byte[] other = OUTPUTS.poll();
      if (other != null) {
        boolean unused = OUTPUTS.offer(other.length > output.length ? other : output);
      }
    }
  }
}
