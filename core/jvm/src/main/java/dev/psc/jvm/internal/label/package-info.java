/** Labels of threads. */
@NullMarked
package dev.psc.jvm.internal.label;

import org.jspecify.annotations.NullMarked;
