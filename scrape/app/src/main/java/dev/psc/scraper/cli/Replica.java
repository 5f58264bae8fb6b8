package dev.psc.scraper.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The name that distinguishes replicas with the same config: that of the machine or the pod. It
 * seeds the scrape offsets, so that replicas take CPU profiles at different times.
 */
public final class Replica {

  private static final Logger logger = LoggerFactory.getLogger(Replica.class);
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private Replica() {}

  /** Returns the name, or the empty text if it is unknown without a network request. */
  public static String name(String hostName) {
    if (!hostName.isBlank()) {
      return hostName.strip();
    }
    try {
      return Files.exists(KERNEL) ? Files.readString(KERNEL).strip() : "";
    } catch (IOException e) {
      logger.debug("{} cannot be read; replicas scrape at the same times", KERNEL, e);
      return "";
    }
  }
}
