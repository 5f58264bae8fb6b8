package dev.psc.scrape.cloud.internal.azure;

import java.util.Locale;
import java.util.Optional;

/** The ways to get a token: the values of {@code authentication_method}. */
enum AzureAuthentication {
  OAUTH("OAuth"),
  MANAGED_IDENTITY("ManagedIdentity"),
  WORKLOAD_IDENTITY("WorkloadIdentity"),
  SDK("SDK");

  private final String configName;

  AzureAuthentication(String configName) {
    this.configName = configName;
  }

  String configName() {
    return configName;
  }

  static Optional<AzureAuthentication> of(String text) {
    for (AzureAuthentication method : values()) {
      if (method.configName.toLowerCase(Locale.ROOT).equals(text.toLowerCase(Locale.ROOT))) {
        return Optional.of(method);
      }
    }
    return Optional.empty();
  }
}
