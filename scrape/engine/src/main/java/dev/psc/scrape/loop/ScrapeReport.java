package dev.psc.scrape.loop;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.time.Instant;

/**
 * The result of one scrape. Immutable.
 *
 * @param target the scraped target
 * @param start when the profile was requested
 * @param lateness how long after its scheduled time it started; zero for a requested scrape
 * @param duration until the profile was passed on or the scrape failed
 * @param outcome the class
 * @param reason a lower_snake_case word: the outcome's, or the transform's that decided
 * @param message what failed, where, and a remedy; empty on success
 * @param sizeBytes the size of the profile as passed on; 0 when there was none
 */
public record ScrapeReport(
    Target target,
    Instant start,
    Duration lateness,
    Duration duration,
    ScrapeOutcome outcome,
    String reason,
    String message,
    long sizeBytes) {}
