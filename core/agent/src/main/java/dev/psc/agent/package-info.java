/** An agent that profiles a JVM without a change of its application. */
@NullMarked
package dev.psc.agent;

import org.jspecify.annotations.NullMarked;
