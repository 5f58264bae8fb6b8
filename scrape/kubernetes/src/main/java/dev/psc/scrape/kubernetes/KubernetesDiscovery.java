package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A discovery of targets in a Kubernetes cluster: {@code kubernetes_sd_configs}. Without API server
 * and kubeconfig it is the cluster in which the process runs, by the pod's service account.
 * Immutable.
 *
 * <pre>{@code
 * KubernetesDiscovery.builder(KubernetesRole.POD).namespaces(List.of("shop")).build()
 * }</pre>
 */
public final class KubernetesDiscovery implements DiscoveryConfig {

  /** The key of a configuration. */
  public static final String KEY = "kubernetes_sd_configs";

  private final KubernetesRole role;
  private final @Nullable URI apiServer;
  private final @Nullable Path kubeconfigFile;
  private final HttpSettings http;
  private final List<String> namespaces;
  private final boolean ownNamespace;
  private final List<KubernetesSelector> selectors;
  private final boolean attachNode;
  private final boolean attachNamespace;
  private final boolean attachDeployment;
  private final boolean attachJob;
  private final boolean attachCronJob;
  private final boolean includeFinishedPods;

  private KubernetesDiscovery(Builder builder) {
    this.role = builder.role;
    this.apiServer = builder.apiServer;
    this.kubeconfigFile = builder.kubeconfigFile;
    this.http = builder.http;
    this.namespaces = List.copyOf(builder.namespaces);
    this.ownNamespace = builder.ownNamespace;
    this.selectors = List.copyOf(builder.selectors);
    // As in Prometheus, metadata that the role cannot have is ignored.
    boolean hasPods = role.hasPods();
    this.attachNode = builder.attachNode && hasPods;
    this.attachNamespace = builder.attachNamespace && role != KubernetesRole.NODE;
    this.attachDeployment = builder.attachDeployment && hasPods;
    this.attachJob = builder.attachJob && hasPods;
    this.attachCronJob = builder.attachCronJob && hasPods;
    this.includeFinishedPods = builder.includeFinishedPods;
  }

  /** Returns a builder with the defaults. */
  public static Builder builder(KubernetesRole role) {
    return new Builder(Objects.requireNonNull(role, "role"));
  }

  /** Returns the kind of objects that become targets. */
  public KubernetesRole role() {
    return role;
  }

  /** Returns the API server, if it was set. */
  public Optional<URI> apiServer() {
    return Optional.ofNullable(apiServer);
  }

  /** Returns the kubeconfig whose current context is used. */
  public Optional<Path> kubeconfigFile() {
    return Optional.ofNullable(kubeconfigFile);
  }

  /** Returns the HTTP settings for {@link #apiServer()}. */
  public HttpSettings http() {
    return http;
  }

  /** Returns the namespaces to watch; all if empty and {@link #ownNamespace()} is not set. */
  public List<String> namespaces() {
    return namespaces;
  }

  /** Returns whether the namespace of this pod, or of the kubeconfig's context, is watched. */
  public boolean ownNamespace() {
    return ownNamespace;
  }

  /** Returns the selectors of the objects that the API server sends, at most one per role. */
  public List<KubernetesSelector> selectors() {
    return selectors;
  }

  /** Returns whether the labels of the node are attached to pods and endpoints. */
  public boolean attachNode() {
    return attachNode;
  }

  /** Returns whether the labels and annotations of the namespace are attached. */
  public boolean attachNamespace() {
    return attachNamespace;
  }

  /** Returns whether the name of the deployment is attached to pods and endpoints. */
  public boolean attachDeployment() {
    return attachDeployment;
  }

  /** Returns whether the name of the job is attached to pods and endpoints. */
  public boolean attachJob() {
    return attachJob;
  }

  /** Returns whether the name of the cron job is attached to pods and endpoints. */
  public boolean attachCronJob() {
    return attachCronJob;
  }

  /** Returns whether pods that have ended stay targets. */
  public boolean includeFinishedPods() {
    return includeFinishedPods;
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new SharedWatch(
        this,
        context,
        () -> new KubernetesWatch(this, context, ClusterEnvironment.system(), Timing.DEFAULT));
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("role", role.configName());
    if (apiServer != null) {
      map.put("api_server", HttpSettingsFields.withoutUserInfo(apiServer));
      map.putAll(HttpSettingsFields.settings(http));
    }
    if (kubeconfigFile != null) {
      map.put("kubeconfig_file", kubeconfigFile.toString());
    }
    Map<String, Object> where = new LinkedHashMap<>();
    where.put("own_namespace", ownNamespace);
    where.put("names", namespaces);
    map.put("namespaces", where);
    if (!selectors.isEmpty()) {
      List<Map<String, Object>> list = new ArrayList<>();
      for (KubernetesSelector selector : selectors) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("role", selector.role().configName());
        if (!selector.label().isEmpty()) {
          entry.put("label", selector.label());
        }
        if (!selector.field().isEmpty()) {
          entry.put("field", selector.field());
        }
        list.add(entry);
      }
      map.put("selectors", list);
    }
    Map<String, Object> attach = new LinkedHashMap<>();
    attach.put("node", attachNode);
    attach.put("namespace", attachNamespace);
    attach.put("deployment", attachDeployment);
    attach.put("job", attachJob);
    attach.put("cronjob", attachCronJob);
    map.put("attach_metadata", attach);
    map.put("include_finished_pods", includeFinishedPods);
    return map;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof KubernetesDiscovery that
        && role == that.role
        && Objects.equals(apiServer, that.apiServer)
        && Objects.equals(kubeconfigFile, that.kubeconfigFile)
        && http.equals(that.http)
        && namespaces.equals(that.namespaces)
        && ownNamespace == that.ownNamespace
        && selectors.equals(that.selectors)
        && attachNode == that.attachNode
        && attachNamespace == that.attachNamespace
        && attachDeployment == that.attachDeployment
        && attachJob == that.attachJob
        && attachCronJob == that.attachCronJob
        && includeFinishedPods == that.includeFinishedPods;
  }

  @Override
  public int hashCode() {
    return Objects.hash(role, apiServer, kubeconfigFile, namespaces, ownNamespace, selectors);
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "KubernetesDiscovery" + settings();
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {

    private final KubernetesRole role;
    private @Nullable URI apiServer;
    private @Nullable Path kubeconfigFile;
    private HttpSettings http = HttpSettings.DEFAULT;
    private List<String> namespaces = List.of();
    private boolean ownNamespace;
    private List<KubernetesSelector> selectors = List.of();
    private boolean attachNode;
    private boolean attachNamespace;
    private boolean attachDeployment;
    private boolean attachJob;
    private boolean attachCronJob;
    private boolean includeFinishedPods;

    private Builder(KubernetesRole role) {
      this.role = role;
    }

    /** Sets the URL of the API server; by default, that of kubeconfig or cluster. */
    public Builder apiServer(URI apiServer) {
      this.apiServer = Objects.requireNonNull(apiServer, "apiServer");
      return this;
    }

    /** Sets the kubeconfig whose current context is used. */
    public Builder kubeconfigFile(Path kubeconfigFile) {
      this.kubeconfigFile = Objects.requireNonNull(kubeconfigFile, "kubeconfigFile");
      return this;
    }

    /** Sets the HTTP settings for the API server that was set; HTTP/2 is never used. */
    public Builder http(HttpSettings http) {
      this.http = Objects.requireNonNull(http, "http");
      return this;
    }

    /** Sets the namespaces to watch; all by default. */
    public Builder namespaces(List<String> namespaces) {
      this.namespaces = List.copyOf(namespaces);
      return this;
    }

    /** Sets whether the namespace of this pod is watched too; false by default. */
    public Builder ownNamespace(boolean ownNamespace) {
      this.ownNamespace = ownNamespace;
      return this;
    }

    /** Sets the selectors of the objects that the API server sends; all by default. */
    public Builder selectors(List<KubernetesSelector> selectors) {
      this.selectors = List.copyOf(selectors);
      return this;
    }

    /** Sets whether the labels of the node are attached to pods and endpoints; false by default. */
    public Builder attachNode(boolean attachNode) {
      this.attachNode = attachNode;
      return this;
    }

    /** Sets whether the labels of the namespace are attached; false by default. */
    public Builder attachNamespace(boolean attachNamespace) {
      this.attachNamespace = attachNamespace;
      return this;
    }

    /** Sets whether the name of a pod's deployment is attached; false by default. */
    public Builder attachDeployment(boolean attachDeployment) {
      this.attachDeployment = attachDeployment;
      return this;
    }

    /** Sets whether the name of a pod's job is attached; false by default. */
    public Builder attachJob(boolean attachJob) {
      this.attachJob = attachJob;
      return this;
    }

    /** Sets whether the name of a pod's cron job is attached; false by default. */
    public Builder attachCronJob(boolean attachCronJob) {
      this.attachCronJob = attachCronJob;
      return this;
    }

    /** Sets whether pods that have ended stay targets; false by default. */
    public Builder includeFinishedPods(boolean includeFinishedPods) {
      this.includeFinishedPods = includeFinishedPods;
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException when they contradict each other
     */
    public KubernetesDiscovery build() {
      if (apiServer != null && kubeconfigFile != null) {
        throw new IllegalArgumentException(
            "api_server and kubeconfig_file are mutually exclusive: remove one");
      }
      if (apiServer == null && !http.equals(HttpSettings.DEFAULT)) {
        throw new IllegalArgumentException(
            "HTTP settings require api_server: without it, they come from the service account"
                + " or the kubeconfig");
      }
      if (apiServer != null && ownNamespace) {
        throw new IllegalArgumentException(
            "namespaces.own_namespace is unknown with api_server: set namespaces.names instead");
      }
      if (apiServer != null && (apiServer.getHost() == null || !isHttp(apiServer))) {
        throw new IllegalArgumentException("api_server must be an http or https URL with a host");
      }
      checkSelectors();
      return new KubernetesDiscovery(this);
    }

    private static boolean isHttp(URI uri) {
      return "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
    }

    private void checkSelectors() {
      Set<KubernetesRole> seen = new HashSet<>();
      for (KubernetesSelector selector : selectors) {
        Resource selected = selector.role().primary();
        boolean nodesOfPods = role == KubernetesRole.POD && selected == Resource.NODES;
        if (selected != role.primary() && !role.joined().contains(selected) && !nodesOfPods) {
          throw new IllegalArgumentException(
              "role "
                  + role.configName()
                  + " does not support a selector of role "
                  + selector.role().configName());
        }
        if (!seen.add(selector.role())) {
          throw new IllegalArgumentException(
              "duplicate selector of role "
                  + selector.role().configName()
                  + ": join their terms with a comma");
        }
      }
    }
  }
}
