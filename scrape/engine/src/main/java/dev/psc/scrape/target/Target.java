package dev.psc.scrape.target;

import dev.psc.label.LabelSet;
import java.net.URI;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One profile of one process, ready to be scraped. Two targets are the same one when their labels
 * and URLs are equal. Immutable.
 */
public final class Target {

  private final ScrapeJob job;
  private final ProfileSettings profile;
  private final LabelSet labels;
  private final LabelSet discovered;
  private final URI uri;
  private final Duration interval;
  private final Duration timeout;
  private final int seconds;
  private final @Nullable String note;
  private final long hash;

  Target(
      ScrapeJob job,
      ProfileSettings profile,
      LabelSet labels,
      LabelSet discovered,
      URI uri,
      Duration interval,
      Duration timeout,
      int seconds,
      @Nullable String note) {
    this.job = job;
    this.profile = profile;
    this.labels = labels;
    this.discovered = discovered;
    this.uri = uri;
    this.interval = interval;
    this.timeout = timeout;
    this.seconds = seconds;
    this.note = note;
    this.hash = mix(labels.hash() * 31 + LabelSet.of("url", uri.toString()).hash());
  }

  /** Spreads a difference in few bits over all bits. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** Returns a short stable name: 16 hexadecimal digits of its hash. */
  public String id() {
    return HexFormat.of().toHexDigits(hash);
  }

  /** Returns a hash of labels and URL, the same in every process. */
  public long hash() {
    return hash;
  }

  /** Returns the job that it belongs to. */
  public ScrapeJob job() {
    return job;
  }

  /** Returns the settings of the profile. */
  public ProfileSettings profile() {
    return profile;
  }

  /** Returns the labels of its profiles. */
  public LabelSet labels() {
    return labels;
  }

  /** Returns the labels before relabelling: those of discovery and of the job. */
  public LabelSet discovered() {
    return discovered;
  }

  /** Returns the URL of the profile. */
  public URI uri() {
    return uri;
  }

  /** Returns the scrape interval. */
  public Duration interval() {
    return interval;
  }

  /** Returns the limit on the duration of a scrape. */
  public Duration timeout() {
    return timeout;
  }

  /** Returns the seconds that its profiles cover, or 0 for those that cover none. */
  public int seconds() {
    return seconds;
  }

  /** Returns a notice about a valid target, e.g. that its timeout was raised. */
  public Optional<String> note() {
    return Optional.ofNullable(note);
  }

  /** Returns its URL without query, for people; a query may hold secrets. */
  public String name() {
    String authority = uri.getRawAuthority();
    int at = authority.lastIndexOf('@');
    return uri.getScheme() + "://" + authority.substring(at + 1) + uri.getRawPath();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Target that
        && hash == that.hash
        && uri.equals(that.uri)
        && labels.equals(that.labels);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash);
  }

  @Override
  public String toString() {
    return "Target[" + labels + " " + name() + "]";
  }
}
