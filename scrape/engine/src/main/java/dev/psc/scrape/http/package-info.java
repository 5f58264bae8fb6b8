/** HTTP settings, requests and responses for scraping and discovery, and their outcomes. */
@NullMarked
package dev.psc.scrape.http;

import org.jspecify.annotations.NullMarked;
