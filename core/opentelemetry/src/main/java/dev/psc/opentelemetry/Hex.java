package dev.psc.opentelemetry;

import java.util.Arrays;

/** Hex digits of ids. */
final class Hex {

  private static final byte[] DIGITS = new byte[128];

  static {
    Arrays.fill(DIGITS, (byte) 0);
    for (int i = 0; i < 16; i++) {
      DIGITS[Character.forDigit(i, 16)] = (byte) i;
    }
  }

  private Hex() {}

  /** Returns the number of 16 hex digits, which OpenTelemetry has checked. */
  static long parse(String text, int from) {
    long value = 0;
    for (int i = from; i < from + 16; i++) {
      value = value << 4 | DIGITS[text.charAt(i) & 127];
    }
    return value;
  }
}
