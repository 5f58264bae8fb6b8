package dev.psc.examples.benchmarks.truth;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Counters that only rise, such as CPU clocks, read every 20 ms. Thread-safe. */
final class Clocks {

  private final List<LongSupplier> counters;
  private final List<long[]> readings = new ArrayList<>();
  private final Thread reader = new Thread(this::read, "truth");

  Clocks(List<LongSupplier> counters) {
    this.counters = List.copyOf(counters);
    reader.setDaemon(true);
  }

  void start() {
    add();
    reader.start();
  }

  void stop() throws InterruptedException {
    reader.interrupt();
    reader.join();
    add();
  }

  private void read() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(20);
        add();
      }
    } catch (InterruptedException e) {
      // stopped
    }
  }

  private synchronized void add() {
    long[] reading = new long[1 + counters.size()];
    Instant now = Instant.now();
    reading[0] = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    for (int i = 0; i < counters.size(); i++) {
      reading[1 + i] = counters.get(i).getAsLong();
    }
    readings.add(reading);
  }

  /** Returns by how much a counter has risen between two times. */
  double rise(int counter, long fromNanos, long toNanos) {
    return at(toNanos, 1 + counter) - at(fromNanos, 1 + counter);
  }

  private synchronized double at(long nanos, int column) {
    long[] before = readings.get(0);
    for (long[] reading : readings) {
      if (reading[0] >= nanos) {
        double share =
            reading[0] == before[0] ? 0 : (double) (nanos - before[0]) / (reading[0] - before[0]);
        return before[column] + Math.max(0, share) * (reading[column] - before[column]);
      }
      before = reading;
    }
    return before[column];
  }
}
