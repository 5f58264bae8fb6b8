package dev.psc.delivery.status;

import dev.psc.delivery.Receipt;

/** The first safe state that a profile reached, see {@link Receipt#durability()}. */
public enum Durability {
  /** The profile is in the spool and survives a failure of process and machine. */
  SPOOLED,
  /** The sink accepted the profile. */
  SENT,
  /** The profile was dropped and counted with a reason. */
  LOST
}
