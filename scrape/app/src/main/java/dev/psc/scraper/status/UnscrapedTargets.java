package dev.psc.scraper.status;

import dev.psc.label.LabelSet;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.target.TargetFactory;
import dev.psc.scrape.target.Targets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The dropped or the invalid targets of a job. The engine has an entry for each profile of a
 * target, one after the other; here a target is counted and listed once.
 *
 * @param <T> the type of an entry
 */
final class UnscrapedTargets<T> {

  /** Labels that differ between the profiles of a target. */
  private static final Set<String> OF_PROFILE =
      Set.of(
          LabelSet.NAME,
          TargetFactory.PROFILE_PATH,
          TargetFactory.SCRAPE_INTERVAL,
          TargetFactory.SCRAPE_TIMEOUT,
          "__param_seconds");

  private final String job;
  private final String kind;
  private final List<T> entries;
  private final BiPredicate<T, T> sameTarget;
  private final Function<T, String> reason;
  private final Function<T, LabelSet> discovered;
  private final int count;

  private UnscrapedTargets(
      String job,
      String kind,
      List<T> entries,
      BiPredicate<T, T> sameTarget,
      Function<T, String> reason,
      Function<T, LabelSet> discovered) {
    this.job = job;
    this.kind = kind;
    this.entries = entries;
    this.sameTarget = sameTarget;
    this.reason = reason;
    this.discovered = discovered;
    this.count = (int) IntStream.range(0, entries.size()).filter(this::isFirst).count();
  }

  static UnscrapedTargets<Targets.Dropped> dropped(ScraperSnapshot.Job job) {
    return new UnscrapedTargets<>(
        job.name(),
        "dropped",
        job.dropped(),
        Targets.Dropped::isSameTarget,
        one -> "rule " + one.rule() + ": " + one.ruleText(),
        Targets.Dropped::discovered);
  }

  static UnscrapedTargets<Targets.Invalid> invalid(ScraperSnapshot.Job job) {
    return new UnscrapedTargets<>(
        job.name(),
        "invalid",
        job.invalid(),
        (one, other) -> isSameTarget(one.discovered(), other.discovered()),
        Targets.Invalid::reason,
        Targets.Invalid::discovered);
  }

  private static boolean isSameTarget(LabelSet one, LabelSet other) {
    return one.without(OF_PROFILE).equals(other.without(OF_PROFILE));
  }

  /** Returns the number of targets. */
  int count() {
    return count;
  }

  private boolean isFirst(int entry) {
    return entry == 0 || !sameTarget.test(entries.get(entry - 1), entries.get(entry));
  }

  /** Appends the first targets, at most {@code limit}. */
  void write(JsonText json, int limit) {
    int from = 0;
    for (int shown = 0; shown < limit && from < entries.size(); shown++) {
      int to = from + 1;
      while (to < entries.size() && !isFirst(to)) {
        to++;
      }
      write(json, entries.subList(from, to));
      from = to;
    }
  }

  private void write(JsonText json, List<T> profiles) {
    Set<String> reasons = new LinkedHashSet<>();
    List<String> names = new ArrayList<>();
    for (T profile : profiles) {
      reasons.add(reason.apply(profile));
      names.add(discovered.apply(profile).valueOf(LabelSet.NAME));
    }
    json.open('{')
        .put("job", job)
        .put("kind", kind)
        .put("reason", JsonText.shortened(text(reasons)))
        .put("profiles", String.join(", ", names))
        .labels("discovered", discovered.apply(profiles.get(0)))
        .close('}');
  }

  /** The reasons of a target's profiles often differ in the path only. */
  private static String text(Set<String> reasons) {
    String first = reasons.iterator().next();
    return reasons.size() == 1 ? first : first + " (" + (reasons.size() - 1) + " more reasons)";
  }
}
