/** The meaning of flight recorder events: which are recorded, and how each is counted. */
@NullMarked
package dev.psc.jvm.internal.event;

import org.jspecify.annotations.NullMarked;
