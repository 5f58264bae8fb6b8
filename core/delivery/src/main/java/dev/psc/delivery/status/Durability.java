package dev.psc.delivery.status;

import dev.psc.delivery.Receipt;

/** How safe a profile became first, see {@link Receipt#durability()}. */
public enum Durability {
  /** It is on the spool's disk and survives the end of this process and of the machine. */
  SPOOLED,
  /** The sink has it. */
  SENT,
  /** It was dropped, which is counted with a reason. */
  LOST
}
