package dev.psc.scrape.loop;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.time.Instant;

/**
 * What became of one scrape. Immutable.
 *
 * @param target what was scraped
 * @param start when it was asked for
 * @param lateness how long after its time in the schedule; zero for one that was asked for by hand
 * @param duration until the profile was handed on, or the failure known
 * @param outcome the class
 * @param reason a lower_snake_case word: the outcome's, or the transform's that decided
 * @param message for people: what failed, where, what to do; empty when all is well
 * @param sizeBytes of the profile as it was handed on; 0 when there was none
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
