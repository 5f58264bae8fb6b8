/** The parser of YAML texts that the configuration and file discovery share. */
@NullMarked
package dev.psc.scrape.config.internal;

import org.jspecify.annotations.NullMarked;
