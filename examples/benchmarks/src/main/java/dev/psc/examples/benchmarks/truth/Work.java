package dev.psc.examples.benchmarks.truth;

import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;

/** Pieces of work whose kind is known. */
final class Work {

  private static final byte[] INPUT = input();
  private static volatile long sink;

  private Work() {}

  private static byte[] input() {
    byte[] input = new byte[1 << 16];
    for (int i = 0; i < input.length; i++) {
      input[i] = (byte) ((i * 31) >> 3);
    }
    return input;
  }

  /** Calculates in Java for a time. */
  static void calculate(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() < end) {
      mix(20_000);
    }
  }

  /** Calculates an amount: about 20 µs for 20,000 steps. */
  static void mix(int steps) {
    long x = sink;
    for (int i = 0; i < steps; i++) {
      x = x * 31 + i;
    }
    sink = x;
  }

  /** Compresses in native code for a time. */
  static void compress(long millis) {
    byte[] output = new byte[INPUT.length * 2];
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() < end) {
      Deflater deflater = new Deflater(9);
      deflater.setInput(INPUT);
      deflater.finish();
      sink = deflater.deflate(output);
      deflater.end();
    }
  }

  static void sleep(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts a daemon thread that repeats a piece of work. */
  static Thread repeat(String name, Piece piece) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  piece.run();
                }
              } catch (Exception e) {
                throw new IllegalStateException("the work of " + name + " failed", e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** One round of work. */
  @FunctionalInterface
  interface Piece {
    void run() throws Exception;
  }
}
