package dev.psc.scrape.cloud.internal.azure;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.settings.Secret;
import java.time.Duration;
import java.util.Optional;

/** A parser of {@code azure_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class AzureProvider implements DiscoveryProvider {

  private static final String PUBLIC = "AzurePublicCloud";

  /** Creates the provider. */
  public AzureProvider() {}

  @Override
  public String key() {
    return AzureSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      String environment = fields.text("environment").orElse(PUBLIC);
      Optional<AzureCloud> cloud = AzureCloud.of(environment);
      if (cloud.isEmpty()) {
        fields
            .value("environment")
            .ifPresent(
                at ->
                    at.problem(
                        "unknown value; use one of AzurePublicCloud, AzureChinaCloud,"
                            + " AzureUSGovernment"));
      }
      String subscription = fields.requiredText("subscription_id");
      String method = fields.text("authentication_method").orElse("OAuth");
      Optional<AzureAuthentication> authentication = AzureAuthentication.of(method);
      if (authentication.isEmpty()) {
        fields
            .value("authentication_method")
            .ifPresent(
                at ->
                    at.problem(
                        "unknown value; use one of OAuth, ManagedIdentity, WorkloadIdentity, SDK"));
      }
      String tenant = fields.text("tenant_id").orElse("");
      String client = fields.text("client_id").orElse("");
      Optional<Secret> secret = fields.secret("client_secret").filter(value -> !value.isEmpty());
      boolean complete = true;
      if (authentication.isPresent() && authentication.get() == AzureAuthentication.OAUTH) {
        complete = !tenant.isEmpty() && !client.isEmpty() && secret.isPresent();
        if (!complete) {
          node.problem(
              "tenant_id, client_id and client_secret are required with authentication_method"
                  + " OAuth");
        }
      }
      String group = fields.text("resource_group").orElse("");
      int port = Settings.port(fields);
      Duration interval = fields.refreshInterval(Duration.ofMinutes(5));
      HttpSettings http = HttpSettingsFields.read(fields);
      if (cloud.isEmpty() || authentication.isEmpty() || subscription.isEmpty() || !complete) {
        return Optional.empty();
      }
      return Optional.of(
          new AzureSettings(
              environment,
              cloud.get(),
              subscription,
              authentication.get(),
              new AzureSettings.Client(tenant, client, secret),
              group,
              port,
              interval,
              http));
    }
  }
}
