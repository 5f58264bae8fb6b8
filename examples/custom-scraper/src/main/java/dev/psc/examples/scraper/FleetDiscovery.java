package dev.psc.examples.scraper;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.PollingDiscovery;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A discovery of the targets in an inventory file, one per line: {@code host:port,service,team}. It
 * lists the current targets; {@link PollingDiscovery} polls it and handles failures and changes.
 *
 * @param file the inventory file
 * @param interval the time between two reads
 */
record FleetDiscovery(Path file, Duration interval) implements DiscoveryConfig {

  @Override
  public String key() {
    return "fleet";
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new PollingDiscovery("fleet " + file, interval, this::list, context);
  }

  private Collection<TargetGroup> list() throws DiscoveryException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException unreadable) {
      throw new DiscoveryException("fleet: " + file + " cannot be read: " + unreadable, unreadable);
    }
    List<LabelSet> targets = new ArrayList<>();
    for (String line : lines) {
      if (!line.isBlank() && !line.startsWith("#")) {
        targets.add(target(line, lines.indexOf(line) + 1));
      }
    }
    return List.of(new TargetGroup(file.toString(), targets, LabelSet.empty()));
  }

  private LabelSet target(String line, int number) throws DiscoveryException {
    String[] columns = line.split(",", -1);
    if (columns.length != 3) {
      // A file that is being written is incomplete, and must not remove targets.
      throw new DiscoveryException(
          "fleet: " + file + " line " + number + ": expected host:port,service,team");
    }
    return LabelSet.of(
        TargetGroup.ADDRESS,
        columns[0].strip(),
        "service",
        columns[1].strip(),
        "team",
        columns[2].strip());
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("file", file.toString());
    settings.put("interval", interval);
    return settings;
  }
}
