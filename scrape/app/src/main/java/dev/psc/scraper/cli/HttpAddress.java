package dev.psc.scraper.cli;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** The parser of {@code host:port}, {@code :port} and {@code [ipv6]:port}. */
public final class HttpAddress {

  private HttpAddress() {}

  /**
   * Returns the address to listen on. Without a host it means all interfaces, as in Go.
   *
   * @throws UsageException when the text is malformed
   */
  public static InetSocketAddress parse(String flag, String text) throws UsageException {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      throw new UsageException(flag + ": \"" + text + "\" has no port: write host:port or :port");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new UsageException(
          flag + ": \"" + text + "\": write an IPv6 address in brackets, e.g. [::1]:7070");
    }
    int port;
    try {
      port = Integer.parseInt(text.substring(colon + 1));
    } catch (NumberFormatException e) {
      port = -1;
    }
    if (port < 0 || port > 65_535) {
      throw new UsageException(flag + ": \"" + text + "\": the port must be between 0 and 65535");
    }
    try {
      return host.isEmpty()
          ? new InetSocketAddress(port)
          : new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw new UsageException(flag + ": host \"" + host + "\" cannot be resolved");
    }
  }
}
