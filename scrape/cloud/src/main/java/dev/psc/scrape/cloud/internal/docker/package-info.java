/** Discovery by the API of Docker and of Docker Swarm. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.docker;

import org.jspecify.annotations.NullMarked;
