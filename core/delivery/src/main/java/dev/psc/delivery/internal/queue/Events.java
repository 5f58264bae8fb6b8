package dev.psc.delivery.internal.queue;

import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliveryListener;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events that are collected under the lock of the queue and fired after its release. */
public final class Events {

  private static final Logger logger = LoggerFactory.getLogger(Events.class);

  private final DeliveryListener listener;
  private final LogThrottle throttle;
  private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  public Events(DeliveryListener listener, LogThrottle throttle) {
    this.listener = listener;
    this.throttle = throttle;
  }

  public void add(DeliveryEvent event) {
    waiting.add(() -> listener.on(event));
  }

  /** Adds an action that must not run under the lock, such as completing a stage. */
  void add(Runnable action) {
    waiting.add(action);
  }

  /** Notifies the listener of the collected events; not called with a lock held. */
  public void fire() {
    Runnable action;
    while ((action = waiting.poll()) != null) {
      try {
        action.run();
      } catch (RuntimeException e) {
        throttle.run("listener", more -> logger.warn("A listener failed ({} more since)", more, e));
      }
    }
  }
}
