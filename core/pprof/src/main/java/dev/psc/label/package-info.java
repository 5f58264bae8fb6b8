/** Labels of series and targets. */
@NullMarked
package dev.psc.label;

import org.jspecify.annotations.NullMarked;
