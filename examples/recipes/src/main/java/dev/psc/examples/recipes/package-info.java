/** Profiles and labels of requests in servers and libraries without built-in support. */
@NullMarked
package dev.psc.examples.recipes;

import org.jspecify.annotations.NullMarked;
