/** Requests, answers and settings that the discovery mechanisms have in common. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal;

import org.jspecify.annotations.NullMarked;
