package dev.psc.pprof.internal.wire;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import org.jspecify.annotations.Nullable;

/**
 * A body, unwrapped to the protobuf message in it: {@code buf[from..to)}.
 *
 * @param wrapped whether the bytes are one gzip member around bare protobuf, as a store requires
 * @param members the gzip members read, 0 for bare protobuf
 * @param nested whether the body is gzip in gzip
 */
@SuppressWarnings("ArrayRecordComponent") // Internal, and never compared.
public record Unwrapped(
    byte[] buf, int from, int to, boolean wrapped, int members, boolean nested) {

  public static Unwrapped open(byte[] body, PprofLimits limits) throws PprofException {
    return open(body, limits, false);
  }

  /**
   * Unwraps a body as {@link #open} does, into an array that is used again after {@link #release}.
   */
  public static Unwrapped openShared(byte[] body, PprofLimits limits) throws PprofException {
    return open(body, limits, true);
  }

  private static Unwrapped open(byte[] body, PprofLimits limits, boolean shared)
      throws PprofException {
    if (body.length > limits.wireBytes()) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "byte " + limits.wireBytes(),
          "the body has "
              + body.length
              + " bytes where "
              + limits.wireBytes()
              + " are allowed; raise the limit PprofLimits.wireBytes or profile for a shorter time");
    }
    if (!Gzip.isGzip(body, 0, body.length)) {
      if (body.length > limits.inflatedBytes()) {
        throw new PprofException(
            PprofException.TOO_LARGE,
            "byte " + limits.inflatedBytes(),
            "the profile has "
                + body.length
                + " bytes where "
                + limits.inflatedBytes()
                + " are allowed; raise the limit PprofLimits.inflatedBytes");
      }
      return new Unwrapped(body, 0, body.length, false, 0, false);
    }
    Gzip.Inflated outer = Gzip.inflate(body, 0, body.length, limits, body.length, shared);
    if (!Gzip.isGzip(outer.buf(), 0, outer.length())) {
      int members = outer.members();
      return new Unwrapped(outer.buf(), 0, outer.length(), members == 1, members, false);
    }
    Gzip.Inflated inner = Gzip.inflate(outer.buf(), 0, outer.length(), limits, body.length, shared);
    if (shared) {
      InflatePool.release(outer.buf());
    }
    return new Unwrapped(inner.buf(), 0, inner.length(), false, inner.members(), true);
  }

  /**
   * Gives the array of {@link #openShared} to later profiles. Call it at most once, when nothing
   * reads the array any more.
   */
  public void release() {
    if (members > 0) {
      InflatePool.release(buf);
    }
  }

  /** Replaces an error by one that names the kind of bytes, if that is known. */
  public PprofException explain(PprofException error) {
    @Nullable PprofException named = Sniffer.name(buf, from, to);
    return named == null ? error : named;
  }
}
