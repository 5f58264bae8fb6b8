package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.Violation;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Unwrapped;
import java.util.ArrayList;
import java.util.List;

/**
 * The result of checking a profile against every {@link PprofRule}, as a strict store does before
 * it accepts one. Immutable.
 *
 * @param violations the breaches in the order found, the first hundred of them and at least one of
 *     each broken rule; empty if a strict store accepts the bytes as they are
 * @param breaches how many breaches there are in all
 * @param mappings how many mappings the profile has, which is how many executable infos a request
 *     may give with it
 */
public record PprofCheck(List<Violation> violations, long breaches, int mappings) {

  /** Makes the list immutable. */
  public PprofCheck {
    violations = List.copyOf(violations);
  }

  /** Checks a body against the default limits; see {@link #check(byte[], PprofLimits)}. */
  public static PprofCheck check(byte[] body) throws PprofException {
    return check(body, PprofLimits.defaults());
  }

  /**
   * Checks a body. Safe to call from several threads; the array is not changed.
   *
   * @param body one profile, gzip'd or bare
   * @param limits the largest profile that is read
   * @throws PprofException if the bytes are not a profile, are damaged or too large
   */
  public static PprofCheck check(byte[] body, PprofLimits limits) throws PprofException {
    Unwrapped open = Unwrapped.open(body, limits);
    try {
      ProfileIndex index = ProfileIndex.scan(open.buf(), open.from(), open.to());
      Checker checker = Checker.check(index);
      if (checker.isBroken(PprofRule.SAMPLE_TYPE_MISSING)) {
        throw open.explain(Checker.exception(checker.violations().get(0)));
      }
      return new PprofCheck(
          checker.violations(), checker.breaches(), index.count[ProfileFields.MAPPING]);
    } catch (PprofException e) {
      throw open.explain(e);
    }
  }

  /** Returns whether a strict store accepts the profile as it is. */
  public boolean isClean() {
    return violations.isEmpty();
  }

  /** Returns the breaches of the rules that {@link Repair} cannot correct. */
  public List<Violation> fatal() {
    List<Violation> fatal = new ArrayList<>();
    for (Violation violation : violations) {
      if (!violation.rule().repairable()) {
        fatal.add(violation);
      }
    }
    return fatal;
  }
}
