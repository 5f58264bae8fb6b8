/** The profiles of a JVM, the state of a capture, and the result of a conversion. */
@NullMarked
package dev.psc.jvm.profile;

import org.jspecify.annotations.NullMarked;
