/** Our interceptor alone, on a channel and stub of your own. */
@NullMarked
package dev.psc.examples.interceptor;

import org.jspecify.annotations.NullMarked;
