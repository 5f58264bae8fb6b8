package dev.psc.scrape;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running discovery with the groups that it published last. Thread-safe. */
final class DiscoveryRun implements TargetSink {

  private static final Logger logger = LoggerFactory.getLogger(DiscoveryRun.class);

  /** A listener for changes of the groups or the error; returns immediately. */
  interface Changes {
    void groupsChanged();

    void failed(String key, String message);
  }

  private final DiscoveryConfig config;
  private final DiscoveryContext context;
  private final Changes changes;

  // Guarded by this.
  private @Nullable TargetDiscovery discovery;
  private Map<String, TargetGroup> groups = new LinkedHashMap<>();
  private @Nullable Instant lastUpdate;
  private @Nullable String error;
  private boolean closed;

  DiscoveryRun(DiscoveryConfig config, DiscoveryContext context, Changes changes) {
    this.config = config;
    this.context = context;
    this.changes = changes;
  }

  DiscoveryConfig config() {
    return config;
  }

  void start() {
    try {
      TargetDiscovery created = config.create(context);
      synchronized (this) {
        discovery = created;
      }
      created.start(this);
    } catch (RuntimeException e) {
      logger.error("{}: discovery failed to start", config.key(), e);
      failed(config.key() + " failed to start: " + e);
    }
  }

  @Override
  public void replace(Collection<TargetGroup> all) {
    synchronized (this) {
      Map<String, TargetGroup> next = new LinkedHashMap<>();
      for (TargetGroup group : all) {
        put(next, group);
      }
      if (!accepted(next)) {
        return;
      }
    }
    changes.groupsChanged();
  }

  @Override
  public void update(Collection<TargetGroup> changed) {
    updated(changed, null);
  }

  @Override
  public void update(Collection<TargetGroup> changed, String message) {
    updated(changed, message);
  }

  private void updated(Collection<TargetGroup> changed, @Nullable String message) {
    boolean groupsChanged;
    boolean reported;
    synchronized (this) {
      Map<String, TargetGroup> next = new LinkedHashMap<>(groups);
      for (TargetGroup group : changed) {
        put(next, group);
      }
      String before = error;
      groupsChanged = accepted(next);
      error = message;
      reported = message != null && !message.equals(before) && !closed;
    }
    if (reported && message != null) {
      changes.failed(config.key(), message);
    } else if (groupsChanged) {
      changes.groupsChanged();
    }
  }

  /** Replaces the groups; returns whether listeners have to be notified. */
  private boolean accepted(Map<String, TargetGroup> next) {
    boolean first = lastUpdate == null;
    boolean changed = first || !sameInstances(groups, next);
    groups = next;
    lastUpdate = context.clock().instant();
    error = null;
    return changed && !closed;
  }

  /** Keeps the instance of an equal group, so that its targets are not computed again. */
  private void put(Map<String, TargetGroup> next, TargetGroup group) {
    if (group.targets().isEmpty()) {
      next.remove(group.source());
      return;
    }
    TargetGroup known = groups.get(group.source());
    next.put(group.source(), known != null && known.equals(group) ? known : group);
  }

  private static boolean sameInstances(
      Map<String, TargetGroup> before, Map<String, TargetGroup> after) {
    if (before.size() != after.size()) {
      return false;
    }
    for (Map.Entry<String, TargetGroup> entry : after.entrySet()) {
      TargetGroup known = before.get(entry.getKey());
      if (known == null || !isSame(known, entry.getValue())) {
        return false;
      }
    }
    return true;
  }

  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(TargetGroup a, TargetGroup b) {
    return a == b;
  }

  @Override
  public void failed(String message) {
    synchronized (this) {
      if (closed || message.equals(error)) {
        return;
      }
      error = message;
    }
    changes.failed(config.key(), message);
  }

  /** Returns whether it has published its targets or an error. */
  synchronized boolean hasAnswered() {
    return lastUpdate != null || error != null;
  }

  synchronized List<TargetGroup> groups() {
    return new ArrayList<>(groups.values());
  }

  synchronized ScraperSnapshot.Discovery snapshot() {
    return new ScraperSnapshot.Discovery(
        config.key(), groups.size(), Optional.ofNullable(lastUpdate), Optional.ofNullable(error));
  }

  void close() {
    TargetDiscovery running;
    synchronized (this) {
      closed = true;
      running = discovery;
      discovery = null;
    }
    if (running != null) {
      try {
        running.close();
      } catch (RuntimeException e) {
        logger.warn("{}: discovery failed to close", config.key(), e);
      }
    }
  }
}
