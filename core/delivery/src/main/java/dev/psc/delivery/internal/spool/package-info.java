/** The spool: profiles on disk that survive a restart. */
@NullMarked
package dev.psc.delivery.internal.spool;

import org.jspecify.annotations.NullMarked;
