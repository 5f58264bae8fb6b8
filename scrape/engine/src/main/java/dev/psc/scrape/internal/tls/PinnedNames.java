package dev.psc.scrape.internal.tls;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The host names that addresses represent, one per address and port. Thread-safe. */
public final class PinnedNames {

  private static final int MAX = 4096;

  private final Map<InetSocketAddress, String> names = new ConcurrentHashMap<>();

  /**
   * Assigns an address to a name unless it belongs to another; returns whether it is the name's.
   */
  public boolean claim(InetAddress address, int port, String name) {
    InetSocketAddress key = new InetSocketAddress(address, port);
    String known = names.get(key);
    if (known == null && names.size() < MAX) {
      known = names.putIfAbsent(key, name);
      return known == null || known.equals(name);
    }
    return name.equals(known);
  }

  /** Returns the name of a literal address, if it has one. */
  Optional<String> name(String literal, int port) {
    if (!NamedSslContext.isAddress(literal) || literal.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(
          names.get(new InetSocketAddress(InetAddress.getByName(literal), port)));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
