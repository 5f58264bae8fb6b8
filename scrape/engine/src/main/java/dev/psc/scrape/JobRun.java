package dev.psc.scrape;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.internal.loop.ScrapeScheduler;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.TargetFactory;
import dev.psc.scrape.target.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running job: its discoveries, and the targets made from their groups. However often groups
 * change, at most one update waits, and it uses the newest groups. Thread-safe.
 */
final class JobRun implements DiscoveryRun.Changes {

  private static final Logger logger = LoggerFactory.getLogger(JobRun.class);

  /** Limit on the time for which a newly added discovery keeps the previous targets in use. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final DiscoveryContext context;
  private final Executor updates;
  private final ScrapeScheduler loops;
  private final Relabeling globalRules;
  private final LabelSet externalLabels;
  private final ScrapeListener listener;
  private final AtomicBoolean triggered = new AtomicBoolean();

  // Written by whoever applies jobs, read by all.
  private volatile ScrapeJob job;
  private volatile List<DiscoveryRun> discoveries = List.of();
  private volatile Targets targets = Targets.NONE;
  private volatile TargetFactory factory;
  private volatile boolean settled;
  private volatile boolean closed;

  // Guarded by this.
  private boolean graced;
  private long graceUntilNanos;

  JobRun(
      ScrapeJob job,
      DiscoveryContext context,
      Executor updates,
      ScrapeScheduler loops,
      Relabeling globalRules,
      LabelSet externalLabels,
      ScrapeListener listener) {
    this.context = context;
    this.updates = updates;
    this.loops = loops;
    this.globalRules = globalRules;
    this.externalLabels = externalLabels;
    this.listener = listener;
    this.job = job;
    this.factory = new TargetFactory(job, globalRules, externalLabels);
  }

  ScrapeJob job() {
    return job;
  }

  /** Applies new settings; discoveries that are equal to running ones keep running. */
  void apply(ScrapeJob next) {
    List<DiscoveryRun> before = new ArrayList<>(discoveries);
    List<DiscoveryRun> after = new ArrayList<>();
    List<DiscoveryRun> fresh = new ArrayList<>();
    for (DiscoveryConfig config : next.discoveries()) {
      DiscoveryRun run = null;
      for (DiscoveryRun candidate : before) {
        if (candidate.config().equals(config)) {
          run = candidate;
          break;
        }
      }
      if (run == null) {
        run = new DiscoveryRun(config, context, this);
        fresh.add(run);
      } else {
        before.remove(run);
      }
      after.add(run);
    }
    synchronized (this) {
      settled = false;
      if (!fresh.isEmpty() && !targets.kept().isEmpty()) {
        graceUntilNanos = System.nanoTime() + GRACE_NANOS;
        graced = true;
        Object unused =
            context.scheduler().schedule(this::groupsChanged, GRACE_NANOS, TimeUnit.NANOSECONDS);
      }
      job = next;
      factory = new TargetFactory(next, globalRules, externalLabels);
      discoveries = List.copyOf(after);
    }
    before.forEach(DiscoveryRun::close);
    fresh.forEach(DiscoveryRun::start);
    groupsChanged();
  }

  @Override
  public void groupsChanged() {
    if (closed || !triggered.compareAndSet(false, true)) {
      return;
    }
    try {
      updates.execute(this::updateSafely);
    } catch (RejectedExecutionException e) {
      logger.debug("{}: not updating targets, because the scraper is shutting down", job.name(), e);
    }
  }

  @Override
  public void failed(String key, String message) {
    try {
      listener.discoveryFailed(job.name(), key, message);
    } catch (RuntimeException e) {
      logger.warn("A scrape listener failed; continuing", e);
    }
    groupsChanged();
  }

  private void updateSafely() {
    try {
      update();
    } catch (RuntimeException | StackOverflowError e) {
      logger.error("{}: unexpected error; the previous targets stay in use", job.name(), e);
    }
  }

  private void update() {
    triggered.set(false);
    Targets made;
    synchronized (this) {
      if (closed) {
        return;
      }
      boolean answered = discoveries.stream().allMatch(DiscoveryRun::hasAnswered);
      if (graced && !answered && System.nanoTime() - graceUntilNanos < 0) {
        return;
      }
      graced = false;
      List<TargetGroup> groups = new ArrayList<>();
      for (DiscoveryRun discovery : discoveries) {
        groups.addAll(discovery.groups());
      }
      made = factory.make(groups);
      logInvalid(made);
      targets = made;
      loops.sync(job.name(), made.kept());
      settled = answered;
    }
    try {
      listener.targetsChanged(
          job.name(), made.kept().size(), made.dropped().size(), made.invalid().size());
    } catch (RuntimeException e) {
      logger.warn("A scrape listener failed; continuing", e);
    }
  }

  private void logInvalid(Targets made) {
    List<Targets.Invalid> before = targets.invalid();
    if (!made.invalid().isEmpty() && !made.invalid().equals(before)) {
      Targets.Invalid first = made.invalid().get(0);
      logger.warn(
          "Job {}: {} targets are invalid and are not scraped; the first one, {}: {}",
          job.name(),
          made.invalid().size(),
          first.discovered(),
          first.reason());
    }
  }

  /** Returns whether every discovery has published its targets or an error. */
  boolean hasSettled() {
    return settled;
  }

  List<Relabeling.Step> explain(LabelSet discovered) {
    return factory.explain(discovered);
  }

  ScraperSnapshot.Job snapshot() {
    ScrapeJob current = job;
    Targets made = targets;
    return new ScraperSnapshot.Job(
        current.name(),
        discoveries.stream().map(DiscoveryRun::snapshot).toList(),
        loops.statuses(current.name()),
        made.dropped(),
        made.invalid());
  }

  void close() {
    closed = true;
    discoveries.forEach(DiscoveryRun::close);
    synchronized (this) {
      loops.sync(job.name(), List.of());
      targets = Targets.NONE;
    }
  }
}
