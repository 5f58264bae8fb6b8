/** Types that describe the pprof format: limits, rules, violations and sample types. */
@NullMarked
package dev.psc.pprof.format;

import org.jspecify.annotations.NullMarked;
