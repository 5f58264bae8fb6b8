/** The scraper's config file: reading, watching, reloading. */
@NullMarked
package dev.psc.scraper.config;

import org.jspecify.annotations.NullMarked;
