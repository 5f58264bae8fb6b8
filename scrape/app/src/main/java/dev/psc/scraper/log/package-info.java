/** Log configuration and log line formats. */
@NullMarked
package dev.psc.scraper.log;

import org.jspecify.annotations.NullMarked;
