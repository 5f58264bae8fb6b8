package dev.psc.scraper.config;

import dev.psc.net.DaemonThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices when the content of the config changes, by looking at it every second: that sees
 * rewritten files, renamed ones and the symlink swaps of a ConfigMap alike, needs no inotify
 * watches, and does nothing when a file is touched but not changed.
 */
public final class ConfigWatch implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(ConfigWatch.class);
  private static final long INTERVAL_SECONDS = 1;

  private final Path file;
  private final Runnable changed;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("psc-config-watch"));
  private String seen;
  private String pending = "";

  private ConfigWatch(Path file, Runnable changed) {
    this.file = file;
    this.changed = changed;
    this.seen = fingerprint();
  }

  public static ConfigWatch start(Path file, Runnable changed) {
    ConfigWatch watch = new ConfigWatch(file, changed);
    // The task catches what goes wrong in it; nobody waits for its end.
    Object unused =
        watch.thread.scheduleWithFixedDelay(
            watch::look, INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
    return watch;
  }

  /**
   * Acts on a change once two looks in a row saw the same content: nothing half-written is read.
   */
  private void look() {
    try {
      String now = fingerprint();
      if (now.equals(seen)) {
        pending = "";
      } else if (now.equals(pending)) {
        seen = now;
        pending = "";
        changed.run();
      } else {
        pending = now;
      }
    } catch (RuntimeException e) {
      logger.error("cannot apply the changed config", e);
    }
  }

  private String fingerprint() {
    try {
      byte[] content = Files.readAllBytes(file);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (IOException e) {
      return "unreadable";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
