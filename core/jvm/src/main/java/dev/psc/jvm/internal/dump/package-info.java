/** Profiles of one moment: thread dumps and class histograms. */
@NullMarked
package dev.psc.jvm.internal.dump;

import org.jspecify.annotations.NullMarked;
