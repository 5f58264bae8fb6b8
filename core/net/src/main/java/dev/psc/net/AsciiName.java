package dev.psc.net;

import java.text.Normalizer;
import java.text.Normalizer.Form;

/**
 * A converter of host names to ASCII, as by Go's {@code idna.Lookup}. The JDK's {@code
 * java.net.IDN} follows IDNA 2003, which maps {@code straße} to {@code strasse}.
 */
final class AsciiName {

  // The parameters of Punycode (RFC 3492).
  private static final int BASE = 36;
  private static final int T_MAX = 26;
  private static final int SKEW = 38;
  private static final int DAMP = 700;
  private static final int INITIAL_BIAS = 72;
  private static final int FIRST_NON_ASCII = 0x80;

  private AsciiName() {}

  /** Returns a name with its non-ASCII labels encoded. */
  static String of(String name) {
    if (isAscii(name)) {
      return name;
    }
    int[] lower = name.codePoints().map(Character::toLowerCase).toArray();
    String[] labels =
        Normalizer.normalize(new String(lower, 0, lower.length), Form.NFKC).split("[.\u3002]", -1);
    for (int i = 0; i < labels.length; i++) {
      labels[i] = isAscii(labels[i]) ? labels[i] : "xn--" + punycode(labels[i]);
    }
    return String.join(".", labels);
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < FIRST_NON_ASCII);
  }

  private static String punycode(String label) {
    int[] input = label.codePoints().toArray();
    StringBuilder out = new StringBuilder();
    for (int c : input) {
      if (c < FIRST_NON_ASCII) {
        out.append((char) c);
      }
    }
    int basic = out.length();
    if (basic > 0) {
      out.append('-');
    }
    int bias = INITIAL_BIAS;
    int delta = 0;
    int handled = basic;
    for (int next = FIRST_NON_ASCII; handled < input.length; next++) {
      int from = next;
      int least = Integer.MAX_VALUE;
      for (int c : input) {
        least = c >= from ? Math.min(least, c) : least;
      }
      delta += (least - next) * (handled + 1);
      next = least;
      for (int c : input) {
        if (c < next) {
          delta++;
        } else if (c == next) {
          number(out, delta, bias);
          bias = adapted(delta, handled + 1, handled == basic);
          delta = 0;
          handled++;
        }
      }
      delta++;
    }
    return out.toString();
  }

  private static void number(StringBuilder out, int delta, int bias) {
    int rest = delta;
    for (int k = BASE; ; k += BASE) {
      int threshold = Math.max(1, Math.min(T_MAX, k - bias));
      if (rest < threshold) {
        out.append(digit(rest));
        return;
      }
      out.append(digit(threshold + (rest - threshold) % (BASE - threshold)));
      rest = (rest - threshold) / (BASE - threshold);
    }
  }

  private static char digit(int value) {
    return (char) (value < 26 ? 'a' + value : '0' + value - 26);
  }

  private static int adapted(int delta, int points, boolean first) {
    int rest = first ? delta / DAMP : delta / 2;
    rest += rest / points;
    int k = 0;
    while (rest > (BASE - 1) * T_MAX / 2) {
      rest /= BASE - 1;
      k += BASE;
    }
    return k + BASE * rest / (rest + SKEW);
  }
}
