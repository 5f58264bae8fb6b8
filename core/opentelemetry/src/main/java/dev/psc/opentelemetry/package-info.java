/** Trace ids on profile samples, from OpenTelemetry. */
@NullMarked
package dev.psc.opentelemetry;

import org.jspecify.annotations.NullMarked;
