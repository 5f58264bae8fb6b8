/**
 * HTTP for scraping and discovery: settings, clients shared by all that have the same TLS and proxy
 * settings, deadlines over whole exchanges, limits, and failures that are already classified.
 */
@NullMarked
package dev.psc.scrape.http;

import org.jspecify.annotations.NullMarked;
