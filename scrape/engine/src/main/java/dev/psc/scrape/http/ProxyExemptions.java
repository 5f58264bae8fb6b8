package dev.psc.scrape.http;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that do without the proxy, by the rules of Go's {@code NO_PROXY}: {@code *} for all; an
 * address or a range of them; a domain with its subdomains; {@code .domain} for the subdomains
 * alone; each maybe with a port. This machine never needs a proxy. Immutable.
 */
final class ProxyExemptions {

  /** Addresses of one length that begin with the same bits. */
  private record Range(int length, int ignoredBits, BigInteger prefix) {
    static Range of(byte[] address, int bits) {
      int ignored = address.length * 8 - bits;
      return new Range(address.length, ignored, prefix(address, ignored));
    }

    private static BigInteger prefix(byte[] address, int ignoredBits) {
      return new BigInteger(1, address).shiftRight(ignoredBits);
    }

    boolean contains(byte[] address) {
      return address.length == length && prefix(address, ignoredBits).equals(prefix);
    }
  }

  private record Rule(String host, boolean subdomainsOnly, @Nullable Range range, int port) {}

  private final List<Rule> rules = new ArrayList<>();
  private boolean all;

  ProxyExemptions(List<String> entries) {
    for (String entry : entries) {
      String text = entry.strip().toLowerCase(Locale.ROOT);
      if (text.equals("*")) {
        all = true;
      } else if (!text.isEmpty()) {
        rules.add(rule(text));
      }
    }
  }

  private static Rule rule(String text) {
    Optional<Range> range = range(text);
    if (range.isPresent()) {
      return new Rule("", false, range.get(), -1);
    }
    String host = text;
    int port = -1;
    int colon = text.lastIndexOf(':');
    if (colon >= 0 && text.substring(colon + 1).matches("[0-9]{1,5}")) {
      host = text.substring(0, colon);
      port = Integer.parseInt(text.substring(colon + 1));
      range = range(host);
      if (range.isPresent()) {
        return new Rule("", false, range.get(), port);
      }
    }
    if (host.startsWith("*.")) {
      host = host.substring(1);
    }
    boolean subdomainsOnly = host.startsWith(".");
    return new Rule(subdomainsOnly ? host.substring(1) : host, subdomainsOnly, null, port);
  }

  private static Optional<Range> range(String text) {
    int slash = text.indexOf('/');
    Optional<byte[]> address = address(slash < 0 ? text : text.substring(0, slash));
    if (address.isEmpty()) {
      return Optional.empty();
    }
    int all = address.get().length * 8;
    if (slash < 0) {
      return Optional.of(Range.of(address.get(), all));
    }
    String bits = text.substring(slash + 1);
    return bits.matches("[0-9]{1,3}") && Integer.parseInt(bits) <= all
        ? Optional.of(Range.of(address.get(), Integer.parseInt(bits)))
        : Optional.empty();
  }

  /** Returns a literal address; a name is never looked up. */
  private static Optional<byte[]> address(String text) {
    String plain =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    if (!(plain.matches("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+")
        || plain.matches("[0-9a-f:.]*:[0-9a-f:.]*"))) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByName(plain).getAddress());
    } catch (UnknownHostException notAnAddress) {
      return Optional.empty();
    }
  }

  /** Returns whether a URL is reached without the proxy. */
  boolean cover(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    Optional<byte[]> address = address(host);
    if (all || host.equals("localhost") || address.map(ProxyExemptions::isLoopback).orElse(false)) {
      return true;
    }
    int port = Exchange.port(uri);
    for (Rule rule : rules) {
      if (rule.port >= 0 && rule.port != port) {
        continue;
      }
      if (rule.range != null) {
        if (address.isPresent() && rule.range.contains(address.get())) {
          return true;
        }
      } else if (host.endsWith("." + rule.host)
          || (!rule.subdomainsOnly && host.equals(rule.host))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLoopback(byte[] address) {
    try {
      return InetAddress.getByAddress(address).isLoopbackAddress();
    } catch (UnknownHostException wrongLength) {
      throw new IllegalStateException(wrongLength);
    }
  }
}
