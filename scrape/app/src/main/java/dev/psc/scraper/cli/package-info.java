/** The command line: options, environment defaults, values of flags and their errors. */
@NullMarked
package dev.psc.scraper.cli;

import org.jspecify.annotations.NullMarked;
