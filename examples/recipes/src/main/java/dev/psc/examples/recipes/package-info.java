/** Profiles and labels of requests in servers and libraries without support of their own. */
@NullMarked
package dev.psc.examples.recipes;

import org.jspecify.annotations.NullMarked;
