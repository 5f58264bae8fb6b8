package dev.psc.net;

import java.util.Arrays;
import java.util.Optional;

/**
 * A literal IPv4 or IPv6 address, read as Go's {@code net.ParseIP} reads it: no leading zeros in
 * IPv4, and an IPv4 address within IPv6 ({@code ::ffff:a.b.c.d}) equals the IPv4 address. Names are
 * never looked up. Immutable.
 */
final class IpAddress {

  private static final String IPV4_PART = "0|[1-9][0-9]{0,2}";
  private static final String IPV6_PART = "[0-9a-fA-F]{1,4}";
  private static final int IPV6_BYTES = 16;
  // The bytes before the IPv4 address in ::ffff:a.b.c.d.
  private static final int MAPPED_BYTES = 12;

  private final byte[] bytes;

  private IpAddress(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Returns the address, or nothing if the text is not a literal address. */
  static Optional<IpAddress> parse(String text) {
    return bytes(text).map(IpAddress::unmapped).map(IpAddress::new);
  }

  private static Optional<byte[]> bytes(String text) {
    if (text.indexOf(':') < 0) {
      return ipv4(text);
    }
    int gap = text.indexOf("::");
    if (gap < 0) {
      return ipv6Parts(text).filter(all -> all.length == IPV6_BYTES);
    }
    Optional<byte[]> head = ipv6Parts(text.substring(0, gap));
    Optional<byte[]> tail = ipv6Parts(text.substring(gap + 2));
    if (head.isEmpty()
        || tail.isEmpty()
        || text.substring(0, gap).indexOf('.') >= 0
        || head.get().length + tail.get().length > IPV6_BYTES - 2) {
      return Optional.empty();
    }
    byte[] all = Arrays.copyOf(head.get(), IPV6_BYTES);
    System.arraycopy(tail.get(), 0, all, IPV6_BYTES - tail.get().length, tail.get().length);
    return Optional.of(all);
  }

  private static Optional<byte[]> ipv4(String text) {
    String[] parts = text.split("\\.", -1);
    byte[] bytes = new byte[4];
    if (parts.length != bytes.length) {
      return Optional.empty();
    }
    for (int i = 0; i < bytes.length; i++) {
      if (!parts[i].matches(IPV4_PART) || Integer.parseInt(parts[i]) > 255) {
        return Optional.empty();
      }
      bytes[i] = (byte) Integer.parseInt(parts[i]);
    }
    return Optional.of(bytes);
  }

  private static Optional<byte[]> ipv6Parts(String text) {
    String[] parts = text.isEmpty() ? new String[0] : text.split(":", -1);
    byte[] bytes = new byte[2 * parts.length];
    for (int i = 0; i < parts.length; i++) {
      if (i == parts.length - 1 && parts[i].indexOf('.') >= 0) {
        byte[] before = Arrays.copyOf(bytes, bytes.length + 2);
        return ipv4(parts[i])
            .map(
                last -> {
                  System.arraycopy(last, 0, before, before.length - last.length, last.length);
                  return before;
                });
      }
      if (!parts[i].matches(IPV6_PART)) {
        return Optional.empty();
      }
      int part = Integer.parseInt(parts[i], 16);
      bytes[2 * i] = (byte) (part >> 8);
      bytes[2 * i + 1] = (byte) part;
    }
    return Optional.of(bytes);
  }

  private static byte[] unmapped(byte[] bytes) {
    return isMapped(bytes) ? Arrays.copyOfRange(bytes, MAPPED_BYTES, IPV6_BYTES) : bytes;
  }

  private static boolean isMapped(byte[] bytes) {
    byte[] prefix = new byte[MAPPED_BYTES];
    prefix[10] = (byte) 0xff;
    prefix[11] = (byte) 0xff;
    return bytes.length == IPV6_BYTES
        && Arrays.equals(bytes, 0, MAPPED_BYTES, prefix, 0, MAPPED_BYTES);
  }

  /** Returns whether the address is one of 127.0.0.0/8, or ::1. */
  boolean isLoopback() {
    return bytes.length == 4 ? bytes[0] == 127 : equals(new IpAddress(lastBitOnly()));
  }

  private static byte[] lastBitOnly() {
    byte[] loopback = new byte[IPV6_BYTES];
    loopback[IPV6_BYTES - 1] = 1;
    return loopback;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IpAddress that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Addresses that begin with the same bits. */
  static final class Range {

    private final byte[] prefix;
    private final int bits;

    private Range(byte[] prefix, int bits) {
      this.prefix = prefix;
      this.bits = bits;
    }

    /** Returns the range in CIDR notation, or nothing if the text is not such a range. */
    static Optional<Range> parse(String text) {
      int slash = text.indexOf('/');
      String length = text.substring(slash + 1);
      if (slash < 0 || !length.matches("0*[0-9]{1,3}")) {
        return Optional.empty();
      }
      int bits = Integer.parseInt(length);
      return bytes(text.substring(0, slash))
          .filter(base -> bits <= 8 * base.length)
          .map(
              base ->
                  isMapped(base) && bits >= 8 * MAPPED_BYTES
                      ? new Range(unmapped(base), bits - 8 * MAPPED_BYTES)
                      : new Range(base, bits));
    }

    boolean contains(IpAddress address) {
      if (address.bytes.length != prefix.length) {
        return false;
      }
      for (int i = 0; i < bits; i++) {
        int bit = 0x80 >> (i % 8);
        if (((prefix[i / 8] ^ address.bytes[i / 8]) & bit) != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
