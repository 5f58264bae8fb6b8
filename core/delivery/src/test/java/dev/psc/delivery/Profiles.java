package dev.psc.delivery;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Profiles with an id at the start of their bytes. */
final class Profiles {

  private Profiles() {}

  static RawProfile profile(String series, String id) {
    return profile(series, id, id.length() + 1);
  }

  static RawProfile profile(String series, String id, int bytes) {
    byte[] pprof = Arrays.copyOf((id + ";").getBytes(StandardCharsets.US_ASCII), bytes);
    return RawProfile.of(LabelSet.of(LabelSet.NAME, "memory", "series", series), pprof);
  }

  static String id(RawProfile profile) {
    byte[] bytes = profile.pprof();
    int end = 0;
    while (bytes[end] != ';') {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.US_ASCII);
  }
}
