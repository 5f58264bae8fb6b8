package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.discovery.DiscoveryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The variables and files that the SDKs of AWS share.
 *
 * @param variables of the process
 * @param home the directory that has {@code .aws}
 */
record AwsEnvironment(Map<String, String> variables, Path home) {

  static AwsEnvironment system() {
    return new AwsEnvironment(System.getenv(), Path.of(System.getProperty("user.home", ".")));
  }

  /** Returns a variable that is set and not empty. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  private Path file(String variable, String name) {
    return variable(variable).map(Path::of).orElse(home.resolve(".aws").resolve(name));
  }

  /** Returns the keys of a profile, of both files; empty if there is no such profile. */
  Map<String, String> profile(String name) throws DiscoveryException {
    Map<String, String> keys = new HashMap<>();
    Map<String, Map<String, String>> config = sections(file("AWS_CONFIG_FILE", "config"));
    keys.putAll(config.getOrDefault("profile " + name, Map.of()));
    if (name.equals("default")) {
      keys.putAll(config.getOrDefault("default", Map.of()));
    }
    keys.putAll(
        sections(file("AWS_SHARED_CREDENTIALS_FILE", "credentials")).getOrDefault(name, Map.of()));
    return keys;
  }

  private static Map<String, Map<String, String>> sections(Path file) throws DiscoveryException {
    Map<String, Map<String, String>> sections = new LinkedHashMap<>();
    if (!Files.exists(file)) {
      return sections;
    }
    Map<String, String> section = new HashMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String text = line.strip();
        int equals = text.indexOf('=');
        if (text.startsWith("#") || text.startsWith(";")) {
          continue;
        }
        if (text.startsWith("[") && text.endsWith("]")) {
          String name = text.substring(1, text.length() - 1).strip().replaceAll("\\s+", " ");
          section = sections.computeIfAbsent(name, unused -> new HashMap<>());
        } else if (equals > 0 && !Character.isWhitespace(line.charAt(0))) {
          // Indented lines belong to the key before, e.g. the settings of one service.
          section.put(text.substring(0, equals).strip(), text.substring(equals + 1).strip());
        }
      }
    } catch (IOException e) {
      throw new DiscoveryException(
          "ec2_sd: cannot read " + file + ": " + e.getClass().getSimpleName(), e);
    }
    return sections;
  }
}
