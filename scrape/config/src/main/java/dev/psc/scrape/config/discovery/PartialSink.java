package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sink for discoveries of which a part may fail while the rest works: reports the failure of the
 * part together with the targets, and logs it when it changes. Thread-safe.
 */
final class PartialSink implements TargetSink {

  private static final Logger logger = LoggerFactory.getLogger(PartialSink.class);

  private final TargetSink sink;
  private final String mechanism;

  // Guarded by this.
  private String problem = "";
  private String logged = "";

  PartialSink(TargetSink sink, String mechanism) {
    this.sink = sink;
    this.mechanism = mechanism;
  }

  /** Sets the problem of a part; empty for none. Shown at the next publication. */
  synchronized void problem(String problem) {
    this.problem = problem;
  }

  @Override
  public void replace(Collection<TargetGroup> groups) {
    sink.replace(groups);
    show();
  }

  @Override
  public void update(Collection<TargetGroup> changed) {
    sink.update(changed);
    show();
  }

  @Override
  public void failed(String message) {
    sink.failed(message);
  }

  /** Shows a problem without any targets. */
  void show() {
    String now;
    boolean changed;
    synchronized (this) {
      now = problem;
      changed = !now.equals(logged);
      logged = now;
    }
    if (!now.isEmpty()) {
      sink.failed(now);
    }
    if (changed && now.isEmpty()) {
      logger.info("{}: works again", mechanism);
    } else if (changed) {
      logger.warn("{}: {}; keeping its last good targets", mechanism, now);
    }
  }
}
