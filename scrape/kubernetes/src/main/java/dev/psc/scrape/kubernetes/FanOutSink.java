package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A sink that forwards to several sinks. A later sink receives the present state. Thread-safe. */
final class FanOutSink implements TargetSink {

  // All guarded by this.
  private final List<TargetSink> sinks = new ArrayList<>();
  private final Map<String, TargetGroup> groups = new LinkedHashMap<>();
  private boolean published;
  private String failure = "";

  synchronized void add(TargetSink sink) {
    sinks.add(sink);
    if (published) {
      sink.replace(groups.values());
    }
    if (!failure.isEmpty()) {
      sink.failed(failure);
    }
  }

  /** Removes a sink and returns whether none is left. */
  @SuppressWarnings("ReferenceEquality") // Equal sinks of two jobs are two.
  synchronized boolean remove(TargetSink sink) {
    sinks.removeIf(each -> each == sink);
    return sinks.isEmpty();
  }

  @Override
  public synchronized void replace(Collection<TargetGroup> all) {
    groups.clear();
    put(all);
    sinks.forEach(sink -> sink.replace(all));
  }

  @Override
  public synchronized void update(Collection<TargetGroup> changed) {
    put(changed);
    sinks.forEach(sink -> sink.update(changed));
  }

  @Override
  public synchronized void update(Collection<TargetGroup> changed, String message) {
    put(changed);
    failure = message;
    sinks.forEach(sink -> sink.update(changed, message));
  }

  private void put(Collection<TargetGroup> changed) {
    published = true;
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
    sinks.forEach(sink -> sink.failed(message));
  }
}
