/**
 * HTTP on the JDK's client: shared clients, exchanges, proxies, OAuth2 tokens and the
 * classification of responses and failures.
 */
@NullMarked
package dev.psc.scrape.internal.http;

import org.jspecify.annotations.NullMarked;
