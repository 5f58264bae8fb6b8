/** Discovery by the API of Google Compute Engine. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.gce;

import org.jspecify.annotations.NullMarked;
