package dev.psc.delivery.status;

/**
 * A listener for delivery events.
 *
 * <p>Called from threads of the delivery, several at a time, never under one of its locks. It must
 * return quickly: while it runs, nothing is sent. Its exceptions are logged and ignored.
 */
@FunctionalInterface
public interface DeliveryListener {

  /**
   * Called for each event.
   *
   * @param event the event
   */
  void on(DeliveryEvent event);
}
