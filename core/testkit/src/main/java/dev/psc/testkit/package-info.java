/**
 * An embedded profile store with the access rules of the cloud, a fault proxy and contract suites.
 */
@NullMarked
package dev.psc.testkit;

import org.jspecify.annotations.NullMarked;
