package dev.psc.scrape.http;

import java.util.Locale;

/**
 * What became of one scrape, or why it failed: the same word in metrics, status and logs, which is
 * {@link #reason()}.
 */
public enum ScrapeOutcome {
  /** The profile was handed on. */
  OK,
  /** There was nothing to hand on, as it should be. */
  WITHHELD,
  /** The host's name could not be resolved. */
  DNS,
  /** Nobody listens at the address. */
  REFUSED,
  /** The address cannot be reached, or no connection came about in time. */
  UNREACHABLE,
  /** The proxy cannot be used: it is down, wants credentials, or opens no way to the target. */
  PROXY,
  /** TLS failed: an untrusted certificate, another name, or a server that does not speak it. */
  TLS,
  /** The exchange, its body included, was not over in time. */
  TIMEOUT,
  /** The connection broke before the answer was complete. */
  BROKEN,
  /** The answer was not HTTP. */
  PROTOCOL,
  /** The target answered 401 or 403, or our credentials could not be read or fetched. */
  AUTH,
  /** The target answered 404: it has no profile at this path. */
  NOT_FOUND,
  /** The target takes a CPU profile for somebody else; tried again at the next interval. */
  CPU_BUSY,
  /** The target answered something else than 200. */
  STATUS,
  /** A redirect that cannot be followed, or too many of them. */
  REDIRECT,
  /** The answer was empty. */
  EMPTY,
  /** The answer was a web page. */
  HTML,
  /** The answer was a profile in the legacy text form ({@code ?debug=1}). */
  LEGACY_TEXT,
  /** The answer was no pprof for another reason. */
  NOT_PPROF,
  /** The answer ended before its end. */
  TRUNCATED,
  /** The answer, or what it inflates to, is above a limit. */
  TOO_LARGE,
  /** A pprof that breaks a rule of the format. */
  INVALID_PROFILE,
  /** None of the sample types to keep is in the profile. */
  NO_SAMPLE_TYPE,
  /** A transform or the receiver refused it. */
  REJECTED,
  /** Too many bytes were already in flight. */
  OVERLOADED,
  /** A fault of our own or of a plug-in. */
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
