/**
 * Discovery by files, by an HTTP server and by DNS: {@code file_sd_configs}, {@code
 * http_sd_configs} and {@code dns_sd_configs}.
 */
@NullMarked
package dev.psc.scrape.config.discovery;

import org.jspecify.annotations.NullMarked;
