package dev.psc.scrape.cloud.internal.gce;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The variables and files that Google's libraries share.
 *
 * @param variables of the process
 * @param home the directory that has {@code .config/gcloud}
 */
record GoogleEnvironment(Map<String, String> variables, Path home) {

  static GoogleEnvironment system() {
    return new GoogleEnvironment(System.getenv(), Path.of(System.getProperty("user.home", ".")));
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  /** Returns the file that gcloud writes for applications. */
  Path wellKnownFile() {
    return variable("CLOUDSDK_CONFIG")
        .map(Path::of)
        .orElse(home.resolve(".config").resolve("gcloud"))
        .resolve("application_default_credentials.json");
  }
}
