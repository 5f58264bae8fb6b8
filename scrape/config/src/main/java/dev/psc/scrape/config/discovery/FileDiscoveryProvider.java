package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A parser of {@code file_sd_configs}. Found by {@link java.util.ServiceLoader}. */
public final class FileDiscoveryProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public FileDiscoveryProvider() {}

  @Override
  public String key() {
    return FileDiscovery.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      List<Path> files = new ArrayList<>();
      List<ConfigNode> items = fields.items("files");
      for (ConfigNode item : items) {
        item.file()
            .map(Path::toAbsolutePath)
            .filter(file -> usable(item, file))
            .ifPresent(files::add);
      }
      if (items.isEmpty()) {
        node.problem("files is required: at least one path");
      }
      Duration interval = fields.refreshInterval(FileDiscovery.DEFAULT_REFRESH_INTERVAL);
      return files.isEmpty() ? Optional.empty() : Optional.of(new FileDiscovery(files, interval));
    }
  }

  private static boolean usable(ConfigNode node, Path file) {
    try {
      FileDiscovery.check(file);
      return true;
    } catch (IllegalArgumentException e) {
      node.problem(String.valueOf(e.getMessage()));
      return false;
    }
  }
}
