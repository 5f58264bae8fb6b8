package dev.psc.scrape.target;

import java.util.Optional;

/** Rules for {@code host:port}, as Prometheus has them. */
final class Addresses {

  private Addresses() {}

  /** Returns the problem of an address from discovery or a configuration, if any. */
  static Optional<String> problem(String address) {
    if (address.isEmpty()) {
      return Optional.of("no address: relabelling removed __address__, or discovery gave none");
    }
    if (address.contains("/")) {
      return Optional.of(
          "\"" + address + "\" is not an address: use host:port; set scheme and path separately");
    }
    return Optional.empty();
  }

  /** Returns the address with the scheme's port if it has none. */
  static String withPort(String address, String scheme) {
    if (splits(address) || !splits(address + ":1234")) {
      return address;
    }
    return address + (scheme.equals("https") ? ":443" : ":80");
  }

  /** Returns whether a text is {@code host:port}, as in Go's net.SplitHostPort. */
  private static boolean splits(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      return false;
    }
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      return end >= 0
          && end + 1 == colon
          && text.indexOf('[', 1) < 0
          && text.indexOf(']', end + 1) < 0;
    }
    String host = text.substring(0, colon);
    return host.indexOf(':') < 0 && text.indexOf('[') < 0 && text.indexOf(']') < 0;
  }
}
