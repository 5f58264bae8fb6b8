/** Profiles of a Spring Boot application. */
@NullMarked
package dev.psc.spring;

import org.jspecify.annotations.NullMarked;
