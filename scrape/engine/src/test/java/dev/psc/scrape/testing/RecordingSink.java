package dev.psc.scrape.testing;

import static org.awaitility.Awaitility.await;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Keeps what a discovery published, as a scraper would. Thread-safe. */
public final class RecordingSink implements TargetSink {

  /** As long may anything take on a busy machine. */
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Map<String, TargetGroup> groups = new TreeMap<>();
  private final List<String> failures = new ArrayList<>();
  private String failure = "";
  private int replacements;
  private int updates;

  @Override
  public synchronized void replace(Collection<TargetGroup> all) {
    replacements++;
    groups.clear();
    put(all);
  }

  @Override
  public synchronized void update(Collection<TargetGroup> changed) {
    updates++;
    put(changed);
  }

  private void put(Collection<TargetGroup> changed) {
    failure = "";
    for (TargetGroup group : changed) {
      if (group.targets().isEmpty()) {
        groups.remove(group.source());
      } else {
        groups.put(group.source(), group);
      }
    }
  }

  @Override
  public synchronized void failed(String message) {
    failure = message;
    failures.add(message);
  }

  /** Returns all targets with the labels of their groups, sorted by address. */
  public synchronized List<LabelSet> targets() {
    List<LabelSet> targets = new ArrayList<>();
    for (TargetGroup group : groups.values()) {
      group.targets().forEach(target -> targets.add(group.labels().withAll(target)));
    }
    return targets;
  }

  /** Returns all addresses, sorted. */
  public synchronized List<String> addresses() {
    return targets().stream().map(t -> t.valueOf(TargetGroup.ADDRESS)).sorted().toList();
  }

  /** Returns the names of all groups. */
  public synchronized List<String> sources() {
    return List.copyOf(groups.keySet());
  }

  /** Returns the failure that is shown now, or the empty text. */
  public synchronized String failure() {
    return failure;
  }

  /** Returns all failures so far. */
  public synchronized List<String> failures() {
    return List.copyOf(failures);
  }

  /** Returns how often everything was replaced. */
  public synchronized int replacements() {
    return replacements;
  }

  /** Returns how often groups were updated. */
  public synchronized int updates() {
    return updates;
  }

  /** Waits until exactly these addresses are known. */
  public void awaitAddresses(String... addresses) {
    List<String> expected = List.of(addresses).stream().sorted().toList();
    await().atMost(PATIENCE).until(this::addresses, found -> found.equals(expected));
  }

  /** Waits until the failure is as expected. */
  public void awaitFailure(Predicate<String> expected) {
    await().atMost(PATIENCE).until(this::failure, expected);
  }
}
