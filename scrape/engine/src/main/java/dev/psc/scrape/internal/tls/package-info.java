/** TLS contexts made from PEM texts, with an optional server name. */
@NullMarked
package dev.psc.scrape.internal.tls;

import org.jspecify.annotations.NullMarked;
