/** Discovery by the Azure Resource Manager. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.azure;

import org.jspecify.annotations.NullMarked;
