/** A parser of recording files and the conversion of a file into profiles. */
@NullMarked
package dev.psc.jvm.internal.recording;

import org.jspecify.annotations.NullMarked;
