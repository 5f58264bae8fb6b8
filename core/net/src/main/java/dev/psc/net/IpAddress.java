package dev.psc.net;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Literal addresses, read as strictly as Go's {@code net.ParseIP}. An IPv4 address within IPv6
 * ({@code ::ffff:a.b.c.d}) equals the IPv4 address. Names are never looked up.
 */
final class IpAddress {

  private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final String IPV4 = "(?:" + OCTET + "\\.){3}" + OCTET;
  private static final Pattern LITERAL =
      Pattern.compile(IPV4 + "|(?!.*[0-9a-fA-F]{5})[0-9a-fA-F:]*:(?:[0-9a-fA-F]*|" + IPV4 + ")");

  private IpAddress() {}

  /** Returns the address, or nothing if the text is not a literal address. */
  static Optional<InetAddress> parse(String text) {
    try {
      return LITERAL.matcher(text).matches()
          ? Optional.of(InetAddress.getByName(text))
          : Optional.empty();
    } catch (UnknownHostException tooManyParts) {
      return Optional.empty();
    }
  }

  /** Addresses of one length that begin with the same bits. */
  record Range(int lengthBits, int ignoredBits, BigInteger prefix) {

    // An IPv4 address in IPv6 has these bits before its own 32.
    private static final BigInteger MAPPED = BigInteger.valueOf(0xffff).shiftLeft(32);
    private static final int MAPPED_BITS = 96;

    /** Returns the range in CIDR notation, or nothing if the text is not such a range. */
    static Optional<Range> parse(String text) {
      int slash = text.indexOf('/');
      String length = text.substring(slash + 1);
      return slash < 0 || !length.matches("0*[0-9]{1,3}")
          ? Optional.empty()
          : IpAddress.parse(text.substring(0, slash))
              .flatMap(base -> of(base, Integer.parseInt(length), text.indexOf(':') >= 0));
    }

    private static Optional<Range> of(InetAddress base, int bits, boolean inIpv6) {
      BigInteger number = new BigInteger(1, base.getAddress());
      int all = 8 * base.getAddress().length;
      if (all == 32 && inIpv6) {
        return bits < MAPPED_BITS
            ? of(number.or(MAPPED), 128, bits)
            : of(number, all, bits - MAPPED_BITS);
      }
      return of(number, all, bits);
    }

    private static Optional<Range> of(BigInteger number, int all, int bits) {
      int ignored = all - bits;
      return ignored < 0
          ? Optional.empty()
          : Optional.of(new Range(all, ignored, number.shiftRight(ignored)));
    }

    boolean contains(InetAddress address) {
      byte[] bytes = address.getAddress();
      return 8 * bytes.length == lengthBits
          && new BigInteger(1, bytes).shiftRight(ignoredBits).equals(prefix);
    }
  }
}
