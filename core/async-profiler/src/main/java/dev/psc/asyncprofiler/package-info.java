/** async-profiler as the engine of psc-jvm. */
@NullMarked
package dev.psc.asyncprofiler;

import org.jspecify.annotations.NullMarked;
