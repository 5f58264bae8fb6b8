/**
 * Abstract JUnit suites for the contracts of sinks, sources and transforms. Tests extend one of
 * them and return their implementation. The suites need JUnit Jupiter and AssertJ on the test class
 * path.
 */
@NullMarked
package dev.psc.testkit.contract;

import org.jspecify.annotations.NullMarked;
