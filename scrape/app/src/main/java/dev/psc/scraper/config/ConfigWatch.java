package dev.psc.scraper.config;

import dev.psc.net.DaemonThreads;
import dev.psc.net.UncaughtErrors;
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
 * A watch on the content of the config file, which is read every second. Polling detects rewritten
 * files, renamed ones and the symlink swaps of a ConfigMap alike, without inotify.
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
    // The task catches its exceptions; its future is not needed.
    Object unused =
        watch.thread.scheduleWithFixedDelay(
            watch::poll, INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
    return watch;
  }

  /**
   * Reports a change once two consecutive polls read the same content, so that a file that is still
   * being written is not loaded.
   */
  private void poll() {
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
    } catch (RuntimeException | StackOverflowError e) {
      logger.error("Failed to apply the changed config; the previous config stays in use", e);
    } catch (Error e) {
      UncaughtErrors.report(e);
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
