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
 * Hands each profile to several deliveries, each with a queue, a spool and a pace of its own: a
 * sink that is down holds up no other. Safe for use by several threads.
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
   * @param deliveries where each profile goes; started and closed with the fan-out
   * @throws IllegalArgumentException when there is none
   */
  public static FanOut of(Delivery... deliveries) {
    return new FanOut(List.of(deliveries));
  }

  /**
   * Returns a fan-out.
   *
   * @param deliveries where each profile goes; started and closed with the fan-out
   * @throws IllegalArgumentException when there is none
   */
  public static FanOut of(List<Delivery> deliveries) {
    return new FanOut(deliveries);
  }

  /** Starts every delivery. A second call does nothing. */
  public void start() {
    deliveries.forEach(Delivery::start);
  }

  /** Hands the profile to every delivery; accepted when at least one of them took it. */
  @Override
  public Acceptance accept(RawProfile profile) {
    List<Acceptance> answers = new ArrayList<>(deliveries.size());
    for (Delivery delivery : deliveries) {
      answers.add(delivery.accept(profile));
    }
    return answers.stream().filter(Acceptance::isAccepted).findFirst().orElse(answers.get(0));
  }

  /** Returns the deliveries. */
  public List<Delivery> deliveries() {
    return deliveries;
  }

  /** Returns a snapshot of each delivery, in order. */
  public List<DeliverySnapshot> snapshots() {
    return deliveries.stream().map(Delivery::snapshot).collect(Collectors.toUnmodifiableList());
  }

  /**
   * Waits until everything that was accepted before the call is sent or dropped everywhere.
   *
   * @param timeout how long to wait at most, for all together
   * @return whether that happened in time
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
   * @param timeout how long to wait at most, for all together
   * @return what each of them left behind, in order
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
