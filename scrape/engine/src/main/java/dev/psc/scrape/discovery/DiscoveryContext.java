package dev.psc.scrape.discovery;

import dev.psc.scrape.http.HttpClients;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/**
 * The resources of the scraper that a discovery may use. All of it belongs to the scraper: a
 * discovery shuts none of it down.
 *
 * @param scheduler runs short work later; it must not be blocked
 * @param blocking runs work that may wait, such as a DNS query
 * @param threads makes the threads of a discovery that needs a separate one
 * @param http clients for HTTP, shared by all that have the same settings
 * @param clock tells the time
 */
public record DiscoveryContext(
    ScheduledExecutorService scheduler,
    Executor blocking,
    ThreadFactory threads,
    HttpClients http,
    Clock clock) {}
