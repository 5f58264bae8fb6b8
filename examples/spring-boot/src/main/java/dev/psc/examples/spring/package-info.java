/**
 * A Spring Boot application that serves its profiles with Spring MVC, and runs behind the agent.
 */
@NullMarked
package dev.psc.examples.spring;

import org.jspecify.annotations.NullMarked;
