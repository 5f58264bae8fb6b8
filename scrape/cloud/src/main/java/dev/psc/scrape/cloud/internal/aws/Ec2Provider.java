package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.settings.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A parser of {@code ec2_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class Ec2Provider implements DiscoveryProvider {

  /** Creates the provider. */
  public Ec2Provider() {}

  @Override
  public String key() {
    return Ec2Settings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      String region = fields.text("region").orElse("");
      if (!region.matches("[A-Za-z0-9-]*")) {
        fields.value("region").ifPresent(at -> at.problem("expected a region such as eu-west-1"));
        return Optional.empty();
      }
      Optional<URI> endpoint =
          fields
              .value("endpoint")
              .filter(value -> !value.text().orElse("").isEmpty())
              .flatMap(value -> value.converted("a URL", Settings::url));
      String accessKey = fields.text("access_key").orElse("");
      Optional<Secret> secretKey = fields.secret("secret_key").filter(key -> !key.isEmpty());
      if (accessKey.isEmpty() == secretKey.isPresent()) {
        node.problem("access_key and secret_key must be set together");
      }
      String profile = fields.text("profile").orElse("");
      String role = fields.text("role_arn").orElse("");
      String externalId = fields.text("external_id").orElse("");
      int port = Settings.port(fields);
      List<Filter> filters = Settings.filters(fields);
      Duration interval = fields.refreshInterval(Duration.ofMinutes(1));
      HttpSettings http = HttpSettingsFields.read(fields);
      return Optional.of(
          new Ec2Settings(
              region,
              endpoint,
              accessKey,
              secretKey,
              profile,
              role,
              externalId,
              port,
              filters,
              interval,
              http));
    }
  }
}
