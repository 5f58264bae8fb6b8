package dev.psc.scrape.kubernetes;

/** The kinds of objects that are listed and watched, and their paths in the API. */
enum Resource {
  PODS("/api/v1", "pods", true),
  NODES("/api/v1", "nodes", false),
  SERVICES("/api/v1", "services", true),
  ENDPOINTS("/api/v1", "endpoints", true),
  ENDPOINT_SLICES("/apis/discovery.k8s.io/v1", "endpointslices", true),
  INGRESSES("/apis/networking.k8s.io/v1", "ingresses", true),
  NAMESPACES("/api/v1", "namespaces", false),
  REPLICA_SETS("/apis/apps/v1", "replicasets", true),
  JOBS("/apis/batch/v1", "jobs", true);

  private final String group;
  private final String plural;
  private final boolean namespaced;

  Resource(String group, String plural, boolean namespaced) {
    this.group = group;
    this.plural = plural;
    this.namespaced = namespaced;
  }

  String plural() {
    return plural;
  }

  boolean namespaced() {
    return namespaced;
  }

  /** Returns the path of the collection in one namespace, or in all when it is empty. */
  String path(String namespace) {
    return namespaced && !namespace.isEmpty()
        ? group + "/namespaces/" + namespace + "/" + plural
        : group + "/" + plural;
  }
}
