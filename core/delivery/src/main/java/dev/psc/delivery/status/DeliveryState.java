package dev.psc.delivery.status;

/** How sending goes. */
public enum DeliveryState {
  /** Not started. */
  NEW,
  /** Batches are sent as they become due. */
  SENDING,
  /** The sink could not take the last batch; it is tried again after a growing, random delay. */
  BACKING_OFF,
  /**
   * The sink does not let us in, or does not take profiles at all: a person must change something.
   * Everything is kept, and tried slowly.
   */
  BLOCKED,
  /**
   * The sink refuses every profile, so the profiles are not at fault. Everything is kept, and tried
   * slowly, one profile at a time.
   */
  REFUSING,
  /** Closed. */
  CLOSED
}
