package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.internal.wire.Unwrapped;
import dev.psc.pprof.internal.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * Converts profiles in the formats that preceded pprof's protobuf to what google/pprof's converter
 * makes of them. Time and memory are proportional to the size of the body.
 *
 * <p>Thread-safe.
 */
public final class LegacyProfile {

  private LegacyProfile() {}

  /**
   * Converts a body.
   *
   * @return the profile as a bare message, or null if the body has none of the formats
   * @throws PprofException if the body is malformed or too large; a body of more than an eighth of
   *     {@link PprofLimits#inflatedBytes} is not converted
   */
  public static @Nullable Unwrapped convert(Unwrapped body, PprofLimits limits)
      throws PprofException {
    Draft draft = read(body, limits);
    if (draft == null) {
      return null;
    }
    WireWriter out = draft.write();
    return new Unwrapped(out.buf, 0, out.size, false, 0, false);
  }

  private static @Nullable Draft read(Unwrapped body, PprofLimits limits) throws PprofException {
    Draft draft = CpuWords.read(body.buf(), body.from(), body.to(), limits);
    if (draft == null) {
      draft = HeapText.read(lines(body), limits);
    }
    if (draft == null) {
      draft = CountText.read(lines(body), limits);
    }
    if (draft == null) {
      draft = ThreadText.read(lines(body), limits);
    }
    if (draft == null) {
      draft = ContentionText.read(lines(body), limits);
    }
    return draft == null ? JavaText.read(lines(body), limits) : draft;
  }

  private static Lines lines(Unwrapped body) {
    return new Lines(body.buf(), body.from(), body.to());
  }
}
