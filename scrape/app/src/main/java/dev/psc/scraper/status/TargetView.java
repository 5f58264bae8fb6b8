package dev.psc.scraper.status;

import dev.psc.label.LabelSet;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Target;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A snapshot of the scraper, with its targets in rows: one row per job and address, with the
 * profiles of that address in it, and the rows with failures first. Immutable.
 */
public final class TargetView {

  /** The profiles of one address of a job: a range of {@link #targets}. */
  record Row(int from, int to, TargetStatus.Health health) {}

  /** The targets of a job that are not scraped. */
  record Unscraped(UnscrapedTargets<?> dropped, UnscrapedTargets<?> invalid) {}

  private static final Comparator<TargetStatus> ORDER =
      Comparator.comparing((TargetStatus status) -> status.target().job().name())
          .thenComparing(status -> address(status.target()))
          .thenComparing(status -> status.target().labels().valueOf(LabelSet.NAME));

  private final ScraperSnapshot snapshot;
  private final TargetStatus[] targets;
  private final List<Row> rows;
  private final List<String> profiles;
  private final Map<String, Unscraped> unscraped = new HashMap<>();

  private TargetView(
      ScraperSnapshot snapshot, TargetStatus[] targets, List<Row> rows, List<String> profiles) {
    this.snapshot = snapshot;
    this.targets = targets;
    this.rows = rows;
    this.profiles = profiles;
    for (ScraperSnapshot.Job job : snapshot.jobs()) {
      unscraped.put(
          job.name(), new Unscraped(UnscrapedTargets.dropped(job), UnscrapedTargets.invalid(job)));
    }
  }

  static TargetView of(ScraperSnapshot snapshot) {
    TargetStatus[] targets = snapshot.targets().toArray(TargetStatus[]::new);
    Arrays.sort(targets, ORDER);
    List<Row> rows = new ArrayList<>();
    TreeSet<String> profiles = new TreeSet<>();
    int from = 0;
    for (int i = 0; i < targets.length; i++) {
      profiles.add(targets[i].target().labels().valueOf(LabelSet.NAME));
      if (i + 1 == targets.length || !sameRow(targets[i].target(), targets[i + 1].target())) {
        rows.add(new Row(from, i + 1, worst(targets, from, i + 1)));
        from = i + 1;
      }
    }
    // A stable sort: rows of equal health stay in the order of job and address.
    rows.sort(Comparator.comparingInt(row -> rank(row.health())));
    return new TargetView(snapshot, targets, rows, List.copyOf(profiles));
  }

  private static boolean sameRow(Target one, Target other) {
    return one.job().name().equals(other.job().name()) && address(one).equals(address(other));
  }

  private static TargetStatus.Health worst(TargetStatus[] targets, int from, int to) {
    TargetStatus.Health worst = targets[from].health();
    for (int i = from + 1; i < to; i++) {
      worst = rank(targets[i].health()) < rank(worst) ? targets[i].health() : worst;
    }
    return worst;
  }

  private static int rank(TargetStatus.Health health) {
    return switch (health) {
      case DOWN -> 0;
      case UNKNOWN -> 1;
      case UP -> 2;
    };
  }

  /** Returns host and port of a target, without credentials. */
  static String address(Target target) {
    String authority = String.valueOf(target.uri().getRawAuthority());
    return authority.indexOf('@') < 0
        ? authority
        : authority.substring(authority.lastIndexOf('@') + 1);
  }

  public ScraperSnapshot snapshot() {
    return snapshot;
  }

  List<Row> rows() {
    return rows;
  }

  TargetStatus target(int index) {
    return targets[index];
  }

  /** Returns the targets of a job of the snapshot that are not scraped. */
  Unscraped unscraped(ScraperSnapshot.Job job) {
    return Objects.requireNonNull(unscraped.get(job.name()));
  }

  /** Returns the names of all profiles, sorted. */
  List<String> profiles() {
    return profiles;
  }

  /** Returns the target with an id as {@link Target#id} has it. */
  public Optional<TargetStatus> find(String id) {
    long hash;
    try {
      hash = Long.parseUnsignedLong(id, 16);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
    return Arrays.stream(targets).filter(one -> one.target().hash() == hash).findFirst();
  }
}
