/** The YAML configuration of the scraper; file, HTTP and DNS discovery. */
@NullMarked
package dev.psc.scrape.config;

import org.jspecify.annotations.NullMarked;
