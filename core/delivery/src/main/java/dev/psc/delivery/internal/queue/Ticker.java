package dev.psc.delivery.internal.queue;

/** A clock, replaced in tests. */
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

  /** Returns a monotonic time of arbitrary origin. */
  long nanos();

  /** Returns the time of day, in milliseconds since 1970. */
  long epochMillis();
}
