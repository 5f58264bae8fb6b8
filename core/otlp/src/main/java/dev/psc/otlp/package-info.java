/** A sink that exports profiles over OTLP. */
@NullMarked
package dev.psc.otlp;

import org.jspecify.annotations.NullMarked;
