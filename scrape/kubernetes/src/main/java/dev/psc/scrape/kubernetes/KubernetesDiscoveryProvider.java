package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A parser of {@code kubernetes_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class KubernetesDiscoveryProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public KubernetesDiscoveryProvider() {}

  @Override
  public String key() {
    return KubernetesDiscovery.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      Optional<KubernetesRole> role = fields.oneOf("role", KubernetesRole.class);
      if (!fields.has("role")) {
        node.problem(
            "role is required: one of pod, node, service, endpoints, endpointslice, ingress");
      }
      KubernetesDiscovery.Builder builder =
          KubernetesDiscovery.builder(role.orElse(KubernetesRole.POD));
      fields
          .value("api_server")
          .flatMap(value -> value.converted("a URL", KubernetesDiscoveryProvider::url))
          .ifPresent(builder::apiServer);
      fields.file("kubeconfig_file").ifPresent(builder::kubeconfigFile);
      builder.http(HttpSettingsFields.read(fields));
      fields.value("namespaces").ifPresent(value -> namespaces(value, builder));
      builder.selectors(selectors(fields));
      fields.value("attach_metadata").ifPresent(value -> attach(value, builder));
      builder.includeFinishedPods(fields.flag("include_finished_pods", false));
      if (role.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(builder.build());
    } catch (IllegalArgumentException e) {
      node.problem(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private static URI url(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      // Its message would show the URL, which may contain a password.
      throw new IllegalArgumentException("api_server must be an http or https URL with a host", e);
    }
  }

  private static void namespaces(ConfigNode node, KubernetesDiscovery.Builder builder) {
    try (Fields fields = node.fields()) {
      builder.namespaces(fields.texts("names"));
      builder.ownNamespace(fields.flag("own_namespace", false));
    }
  }

  private static List<KubernetesSelector> selectors(Fields fields) {
    List<KubernetesSelector> selectors = new ArrayList<>();
    for (ConfigNode item : fields.items("selectors")) {
      try (Fields selector = item.fields()) {
        Optional<KubernetesRole> role = selector.oneOf("role", KubernetesRole.class);
        String label = selector.text("label").orElse("");
        String field = selector.text("field").orElse("");
        if (role.isPresent()) {
          selectors.add(new KubernetesSelector(role.get(), label, field));
        } else if (!selector.has("role")) {
          item.problem("role is required");
        }
      }
    }
    return selectors;
  }

  private static void attach(ConfigNode node, KubernetesDiscovery.Builder builder) {
    try (Fields fields = node.fields()) {
      builder.attachNode(fields.flag("node", false));
      builder.attachNamespace(fields.flag("namespace", false));
      builder.attachDeployment(fields.flag("deployment", false));
      builder.attachJob(fields.flag("job", false));
      builder.attachCronJob(fields.flag("cronjob", false));
    }
  }
}
