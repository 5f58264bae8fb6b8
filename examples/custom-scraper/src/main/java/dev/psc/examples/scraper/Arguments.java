package dev.psc.examples.scraper;

import dev.psc.delivery.spi.SinkSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The arguments of the command line. Immutable. */
record Arguments(Map<String, String> values) {

  static final String USAGE =
      """
      usage: java -jar psc-custom-scraper.jar --fleet=FILE --directory=DIRECTORY [options]

        --fleet=FILE                the targets, one per line: host:port,service,team
        --directory=DIRECTORY       the directory for profiles
        --store-address=HOST:PORT   also send profiles to this store
        --bearer-token-file=FILE    the token for the store
        --project-id=ID             the project id for the store
        --ca-file=FILE              PEM file with the store's certificate authority
        --interval-seconds=N        the scrape interval of each profile; 10 by default
      """;

  private static final Set<String> NAMES =
      Set.of(
          "fleet",
          "directory",
          "store-address",
          "bearer-token-file",
          "project-id",
          "ca-file",
          "interval-seconds");

  Arguments {
    values = Map.copyOf(values);
  }

  static Arguments read(String... arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String name = argument.substring(0, equals < 0 ? argument.length() : equals);
      boolean known = name.startsWith("--") && NAMES.contains(name.substring(2));
      if (!name.equals("--help") && (!known || equals < 0)) {
        throw new IllegalArgumentException(
            known
                ? name + " needs a value: " + name + "=…"
                : "unknown option " + name + "; see --help");
      }
      values.put(name.substring(2), argument.substring(equals + 1));
    }
    Arguments read = new Arguments(values);
    for (String required : Set.of("fleet", "directory")) {
      if (!read.help() && !values.containsKey(required)) {
        throw new IllegalArgumentException("--" + required + " is missing; see --help");
      }
    }
    return read;
  }

  boolean help() {
    return values.containsKey("help");
  }

  Path fleet() {
    return Path.of(values.getOrDefault("fleet", ""));
  }

  Path directory() {
    return Path.of(values.getOrDefault("directory", ""));
  }

  Duration interval() {
    String text = values.getOrDefault("interval-seconds", "10");
    if (!text.matches("[1-9]\\d{0,4}")) {
      throw new IllegalArgumentException(
          "--interval-seconds must be between 1 and 99999, but was " + text);
    }
    return Duration.ofSeconds(Long.parseLong(text));
  }

  Optional<SinkSettings> store() {
    return Optional.ofNullable(values.get("store-address")).map(this::store);
  }

  private SinkSettings store(String address) {
    SinkSettings.Builder store = SinkSettings.builder(address);
    Optional.ofNullable(values.get("bearer-token-file"))
        .ifPresent(file -> store.tokenFile(Path.of(file)));
    Optional.ofNullable(values.get("project-id")).ifPresent(store::projectId);
    Optional.ofNullable(values.get("ca-file")).ifPresent(file -> store.caFile(Path.of(file)));
    return store.build();
  }
}
