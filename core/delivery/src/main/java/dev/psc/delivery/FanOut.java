package dev.psc.delivery;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliverySnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A receiver that passes each profile to several deliveries, each with its own queue and spool, so
 * that a sink that is down does not delay the others. Thread-safe.
 */
public final class FanOut implements ProfileReceiver, AutoCloseable {

  private final List<Delivery> deliveries;

  private FanOut(List<Delivery> deliveries) {
    this.deliveries = List.copyOf(deliveries);
    if (deliveries.isEmpty()) {
      throw new IllegalArgumentException("deliveries is empty: give at least one");
    }
  }

  /**
   * Returns a fan-out.
   *
   * @param deliveries the receivers of each profile; started and closed with the fan-out
   * @throws IllegalArgumentException if there is none
   */
  public static FanOut of(Delivery... deliveries) {
    return new FanOut(List.of(deliveries));
  }

  /**
   * Returns a fan-out.
   *
   * @param deliveries the receivers of each profile; started and closed with the fan-out
   * @throws IllegalArgumentException if there is none
   */
  public static FanOut of(List<Delivery> deliveries) {
    return new FanOut(deliveries);
  }

  /** Starts every delivery. A second call has no effect. */
  public void start() {
    deliveries.forEach(Delivery::start);
  }

  /** Passes the profile to every delivery; accepted if at least one accepts it. */
  @Override
  public Acceptance accept(RawProfile profile) {
    List<Acceptance> answers = new ArrayList<>(deliveries.size());
    for (Delivery delivery : deliveries) {
      answers.add(delivery.accept(profile));
    }
    return answers.stream().filter(Acceptance::isAccepted).findFirst().orElse(answers.get(0));
  }

  /** Returns a snapshot of each delivery, in order. */
  public List<DeliverySnapshot> snapshots() {
    return deliveries.stream().map(Delivery::snapshot).collect(Collectors.toUnmodifiableList());
  }

  /**
   * Waits until all profiles accepted before the call are sent or dropped by every delivery.
   *
   * @param timeout the longest wait, for all deliveries together
   * @return whether this happened within the timeout
   */
  public boolean flush(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean all = true;
    for (Delivery delivery : deliveries) {
      delivery.requestFlush();
    }
    for (Delivery delivery : deliveries) {
      all &= delivery.flush(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }
    return all;
  }

  /**
   * Closes every delivery at the same time.
   *
   * @param timeout the longest wait, for all deliveries together
   * @return the report of each delivery, in order
   */
  public List<CloseReport> close(Duration timeout) {
    return closeAll(delivery -> timeout);
  }

  /** Closes every delivery at the same time, each within its own close timeout. */
  @Override
  public void close() {
    closeAll(Delivery::closeTimeout);
  }

  private List<CloseReport> closeAll(Function<Delivery, Duration> timeout) {
    List<CloseReport> reports = new ArrayList<>();
    long start = System.nanoTime();
    for (Delivery delivery : deliveries) {
      delivery.beginClose();
    }
    for (Delivery delivery : deliveries) {
      long left = timeout.apply(delivery).toNanos() - (System.nanoTime() - start);
      reports.add(delivery.close(Duration.ofNanos(Math.max(0, left))));
    }
    return reports;
  }
}
