package dev.psc.scrape.http;

import java.util.Locale;

/**
 * The outcome of one scrape: success, or the class of its failure. Metrics, status and logs show
 * its {@link #reason()}.
 */
public enum ScrapeOutcome {
  /** The profile was passed on. */
  OK,
  /** There was nothing to pass on, as intended. */
  WITHHELD,
  /** The host's name could not be resolved. */
  DNS,
  /** The connection was refused. */
  REFUSED,
  /** The address cannot be reached, or the connection timed out. */
  UNREACHABLE,
  /**
   * The proxy cannot be used: it is down, requires credentials, or refuses to connect to the
   * target.
   */
  PROXY,
  /** TLS failed: an untrusted certificate, another name, or a server without TLS. */
  TLS,
  /** The exchange, its body included, exceeded its timeout. */
  TIMEOUT,
  /** The connection was closed before the response was complete. */
  BROKEN,
  /** The response was not HTTP. */
  PROTOCOL,
  /** The target returned 401 or 403, or the credentials could not be read or fetched. */
  AUTH,
  /** The target returned 404: it has no profile at this path. */
  NOT_FOUND,
  /** The target is taking a CPU profile for another client; retried at the next interval. */
  CPU_BUSY,
  /** The response had another status than 200. */
  STATUS,
  /** A redirect that cannot be followed, or too many of them. */
  REDIRECT,
  /** The response was empty. */
  EMPTY,
  /** The response was a web page. */
  HTML,
  /** The response was a profile in the legacy text form ({@code ?debug=1}). */
  LEGACY_TEXT,
  /** The response was not pprof for another reason. */
  NOT_PPROF,
  /** The response was truncated. */
  TRUNCATED,
  /** The response, or its inflated size, exceeds a limit. */
  TOO_LARGE,
  /** A pprof that breaks a rule of the format. */
  INVALID_PROFILE,
  /** None of the sample types to keep is in the profile. */
  NO_SAMPLE_TYPE,
  /** A transform or the receiver rejected it. */
  REJECTED,
  /** Too many bytes were already in flight. */
  OVERLOADED,
  /** An unexpected error in the scraper or a plug-in. */
  INTERNAL;

  /** Returns the word for metrics, status and logs, e.g. {@code cpu_busy}. */
  public String reason() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns whether the target counts as healthy after it. */
  public boolean isHealthy() {
    return this == OK || this == WITHHELD;
  }
}
