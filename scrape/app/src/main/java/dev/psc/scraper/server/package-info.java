/** The HTTP and gRPC server: one port, protocol detection, routes, access token. */
@NullMarked
package dev.psc.scraper.server;

import org.jspecify.annotations.NullMarked;
