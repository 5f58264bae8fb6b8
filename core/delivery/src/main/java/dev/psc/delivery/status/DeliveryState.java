package dev.psc.delivery.status;

/** The state of a delivery. */
public enum DeliveryState {
  /** Not started. */
  NEW,
  /** Batches are sent as they become due. */
  SENDING,
  /** The sink did not accept the last batch, which is retried after a growing random delay. */
  BACKING_OFF,
  /**
   * The sink rejects the caller or all profiles, and a person must act. All profiles are kept; one
   * is tried per probe interval.
   */
  BLOCKED,
  /**
   * The sink rejects every profile, which indicates a fault of the sink. All profiles are kept; one
   * is tried per probe interval.
   */
  REFUSING,
  /** Closed. */
  CLOSED
}
