/** A sink that writes profiles to files. */
@NullMarked
package dev.psc.delivery.directory;

import org.jspecify.annotations.NullMarked;
