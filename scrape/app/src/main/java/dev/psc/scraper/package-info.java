/** The drop-in scraper: same flags, same config, same manifest. */
@NullMarked
package dev.psc.scraper;

import org.jspecify.annotations.NullMarked;
