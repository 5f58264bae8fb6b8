/**
 * What every sink, source and transform promises, as abstract JUnit suites: extend one, hand it
 * your implementation, and it is held to the contract. They need JUnit Jupiter, AssertJ and
 * Awaitility on the test class path.
 */
@NullMarked
package dev.psc.testkit.contract;

import org.jspecify.annotations.NullMarked;
