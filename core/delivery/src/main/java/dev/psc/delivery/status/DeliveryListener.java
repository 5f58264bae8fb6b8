package dev.psc.delivery.status;

/**
 * Told of everything that happens to profiles on their way.
 *
 * <p>Called from threads of the delivery, several at a time, never under one of its locks. It must
 * return quickly: while it runs, nothing is sent. What it throws is logged and goes no further.
 */
@FunctionalInterface
public interface DeliveryListener {

  /**
   * Takes note of an event.
   *
   * @param event what happened
   */
  void on(DeliveryEvent event);
}
