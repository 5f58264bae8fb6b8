/** What the packages of this module share and nobody else sees. */
@NullMarked
package dev.psc.auth.internal;

import org.jspecify.annotations.NullMarked;
