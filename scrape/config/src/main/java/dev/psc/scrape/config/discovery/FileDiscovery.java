package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.settings.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A discovery of targets in files, which are reloaded when they change: {@code file_sd_configs}.
 * Immutable.
 *
 * @param files absolute paths that end in {@code .json}, {@code .yaml} or {@code .yml}; the last
 *     part may hold {@code *}
 * @param refreshInterval all files are read again after this even if no change was seen; more than
 *     zero
 */
public record FileDiscovery(List<Path> files, Duration refreshInterval) implements DiscoveryConfig {

  /** The key of a configuration. */
  public static final String KEY = "file_sd_configs";

  /** The refresh interval unless set: 5 minutes. */
  public static final Duration DEFAULT_REFRESH_INTERVAL = Duration.ofMinutes(5);

  /**
   * Checks the paths and copies the list.
   *
   * @throws IllegalArgumentException when there is none or one cannot be used
   */
  public FileDiscovery {
    files = List.copyOf(files);
    if (files.isEmpty()) {
      throw new IllegalArgumentException("files is required: at least one path");
    }
    files.forEach(FileDiscovery::check);
    if (refreshInterval.isNegative() || refreshInterval.isZero()) {
      throw new IllegalArgumentException(
          "refresh_interval must be positive, but was " + refreshInterval);
    }
  }

  /** Returns the discovery of these files with the default interval. */
  public static FileDiscovery of(Path... files) {
    return new FileDiscovery(List.of(files), DEFAULT_REFRESH_INTERVAL);
  }

  /**
   * Rejects a path that cannot be used.
   *
   * @throws IllegalArgumentException with the reason
   */
  static void check(Path file) {
    Path name = file.getFileName();
    String lower = name == null ? "" : name.toString().toLowerCase(Locale.ROOT);
    if (!lower.endsWith(".json") && !lower.endsWith(".yaml") && !lower.endsWith(".yml")) {
      throw new IllegalArgumentException(
          "\"" + file + "\" must end in .json, .yaml or .yml, which selects the format");
    }
    Path parent = file.getParent();
    if (!file.isAbsolute() || parent == null) {
      throw new IllegalArgumentException("\"" + file + "\" must be an absolute path");
    }
    if (parent.toString().contains("*")) {
      throw new IllegalArgumentException(
          "\"" + file + "\" may have * in its last part only, not in a directory");
    }
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new FileWatch(this, context, FileWatch.Pauses.DEFAULT, FileWatch::watchService);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("files", files.stream().map(Path::toString).toList());
    map.put("refresh_interval", Durations.format(refreshInterval));
    return map;
  }
}
