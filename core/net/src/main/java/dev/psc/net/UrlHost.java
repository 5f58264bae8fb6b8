package dev.psc.net;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host and port of a URL, also for names that {@link URI#getHost} rejects although DNS and
 * container networks have them: names with an underscore, and names whose last label begins with a
 * digit.
 */
public final class UrlHost {

  private static final Pattern AUTHORITY = Pattern.compile("([A-Za-z0-9_.-]+)(?::([0-9]{0,9}))?");

  private UrlHost() {}

  /** Returns the host, an IPv6 address in brackets, or nothing if the URL has no valid host. */
  public static Optional<String> of(URI url) {
    return url.getHost() != null
        ? Optional.of(url.getHost())
        : Optional.of(authority(url)).filter(Matcher::matches).map(matcher -> matcher.group(1));
  }

  /** Returns the port, or -1 if the URL has none. */
  public static int port(URI url) {
    if (url.getHost() != null) {
      return url.getPort();
    }
    Matcher authority = authority(url);
    String digits = authority.matches() ? authority.group(2) : null;
    return digits == null || digits.isEmpty() ? -1 : Integer.parseInt(digits);
  }

  private static Matcher authority(URI url) {
    String authority = url.getRawAuthority() == null ? "" : url.getRawAuthority();
    return AUTHORITY.matcher(authority.substring(authority.lastIndexOf('@') + 1));
  }
}
