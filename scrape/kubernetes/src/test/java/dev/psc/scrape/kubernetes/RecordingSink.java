package dev.psc.scrape.kubernetes;

import static org.awaitility.Awaitility.await;

import dev.psc.pprof.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Keeps what a discovery published, as a scraper would. */
final class RecordingSink implements TargetSink {

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
  synchronized List<LabelSet> targets() {
    List<LabelSet> targets = new ArrayList<>();
    for (TargetGroup group : groups.values()) {
      group.targets().forEach(target -> targets.add(group.labels().withAll(target)));
    }
    return targets;
  }

  synchronized List<String> addresses() {
    return targets().stream().map(t -> t.valueOf(TargetGroup.ADDRESS)).sorted().toList();
  }

  synchronized List<String> sources() {
    return List.copyOf(groups.keySet());
  }

  synchronized String failure() {
    return failure;
  }

  synchronized List<String> failures() {
    return List.copyOf(failures);
  }

  synchronized int replacements() {
    return replacements;
  }

  synchronized int updates() {
    return updates;
  }

  void awaitAddresses(String... addresses) {
    List<String> expected = List.of(addresses).stream().sorted().toList();
    await().atMost(Duration.ofSeconds(30)).until(this::addresses, found -> found.equals(expected));
  }

  void awaitFailure(Predicate<String> expected) {
    await().atMost(Duration.ofSeconds(30)).until(this::failure, expected::test);
  }
}
