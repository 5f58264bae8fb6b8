/** Commands that do one thing and exit: check, print, push. */
@NullMarked
package dev.psc.scraper.command;

import org.jspecify.annotations.NullMarked;
