/** Discovery by the services of Nomad. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.nomad;

import org.jspecify.annotations.NullMarked;
