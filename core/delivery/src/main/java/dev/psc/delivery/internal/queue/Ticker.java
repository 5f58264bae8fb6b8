package dev.psc.delivery.internal.queue;

/** The time, replaced in tests. */
public interface Ticker {

  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public long epochMillis() {
          return System.currentTimeMillis();
        }
      };

  /** Returns a time that never goes back, of unknown origin. */
  long nanos();

  /** Returns the time of day, in milliseconds since 1970. */
  long epochMillis();
}
