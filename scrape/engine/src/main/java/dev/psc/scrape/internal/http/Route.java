package dev.psc.scrape.internal.http;

import dev.psc.net.ProxyAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;

/**
 * The route of a request to its server.
 *
 * @param proxy the proxy in between
 * @param proxyAddress where the proxy is reached
 * @param sent the URL that the JDK's client gets; it has an address in place of the name when the
 *     name has to be connected to in another way than the JDK would
 * @param hostHeader the name, if {@code sent} has an address in its place
 * @param dialled whose address was chosen: the proxy, or else the server
 * @param address the server's address, if it is known and no proxy is in between
 * @param several whether there are other addresses to try
 */
record Route(
    Optional<ProxyAddress> proxy,
    Optional<InetSocketAddress> proxyAddress,
    URI sent,
    Optional<String> hostHeader,
    Dialled dialled,
    Optional<InetAddress> address,
    boolean several) {

  /** A host and its port. */
  record Dialled(String host, int port) {}

  /** A name that is expected at an address. */
  record Pin(String name, InetAddress address, int port) {}

  /** Returns the address of a server that {@link PlainClient} can be used for. */
  Optional<InetSocketAddress> plain() {
    return sent.getScheme().equalsIgnoreCase("http")
        ? address.map(known -> new InetSocketAddress(known, dialled.port()))
        : Optional.empty();
  }

  /** Returns the pin that TLS needs when the URL does not have the name. */
  Optional<Pin> pin() {
    return hostHeader.isPresent() && sent.getScheme().equalsIgnoreCase("https")
        ? Optional.of(pin(hostHeader.get()))
        : Optional.empty();
  }

  private Pin pin(String header) {
    int colon = header.lastIndexOf(':');
    String host = sent.getHost();
    String literal = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    try {
      // A literal address: nothing is looked up.
      return new Pin(
          colon < 0 ? header : header.substring(0, colon),
          InetAddress.getByName(literal),
          Exchange.port(sent));
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException(literal + " is not an address", e);
    }
  }
}
