package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.Gzip;
import dev.psc.pprof.internal.wire.Unwrapped;
import dev.psc.pprof.internal.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * A checked profile, not compressed, with a rewriting that is not done yet: it is written gzip'd
 * without ever having the whole message, or read by the next stage without being compressed. Not
 * thread-safe.
 */
final class Content {

  private final Unwrapped body;
  private Checker checker;
  private @Nullable Rewriter rewriter;
  private boolean handedOut;

  /**
   * @param body the profile as it came, which {@link #release} gives up
   */
  Content(Checker checker, @Nullable Rewriter rewriter, Unwrapped body) {
    this.checker = checker;
    this.rewriter = rewriter;
    this.body = body;
  }

  /** Returns the profile, rewritten. */
  Checker written() throws PprofException {
    Rewriter pending = rewriter;
    if (pending != null) {
      WireWriter out = pending.write();
      checker = CheckedProfile.check(out.buf, 0, out.size);
      rewriter = null;
    }
    handedOut = true;
    return checker;
  }

  /** Gives up the profile as it came, unless a later stage may still read it. */
  void release() {
    if (!handedOut) {
      body.release();
    }
  }

  /** Returns the profile, rewritten and gzip'd. Call it once. */
  byte[] gzip() throws PprofException {
    Rewriter pending = rewriter;
    if (pending != null) {
      return pending.writeGzip(Repair.LEVEL);
    }
    ProfileIndex index = checker.index();
    return Gzip.deflate(index.buf, index.from, index.to, Repair.LEVEL);
  }
}
