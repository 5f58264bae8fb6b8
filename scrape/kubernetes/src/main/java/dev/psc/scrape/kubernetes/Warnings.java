package dev.psc.scrape.kubernetes;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A log of warnings in which each one appears once. Thread-safe. */
final class Warnings {

  private static final Logger logger = LoggerFactory.getLogger(Warnings.class);

  /** Further warnings are neither remembered nor logged. */
  private static final int MAX_KNOWN = 1000;

  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final Consumer<String> log;

  Warnings() {
    this(warning -> logger.warn("kubernetes_sd: {}", warning));
  }

  Warnings(Consumer<String> log) {
    this.log = log;
  }

  void once(String warning) {
    if (known.size() < MAX_KNOWN && known.add(warning)) {
      log.accept(warning);
    }
  }
}
