package dev.psc.scraper.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tells this scraper from others with the same config: the machine's or the pod's name. With
 * it, replicas take CPU profiles of a target at different moments, and a restart changes none.
 */
public final class Replica {

  private static final Logger logger = LoggerFactory.getLogger(Replica.class);
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private Replica() {}

  /** Returns the name, or the empty text where nothing tells it without asking the network. */
  public static String name(String hostName) {
    if (!hostName.isBlank()) {
      return hostName.strip();
    }
    try {
      return Files.exists(KERNEL) ? Files.readString(KERNEL).strip() : "";
    } catch (IOException unreadable) {
      logger.debug("{} cannot be read: replicas scrape at the same moments", KERNEL, unreadable);
      return "";
    }
  }
}
