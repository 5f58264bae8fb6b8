package dev.psc.scrape.kubernetes;

import java.util.List;
import java.util.Locale;

/** The kinds of objects that become targets: the roles of {@code kubernetes_sd_configs}. */
public enum KubernetesRole {
  /** Each port of each container of each pod. */
  POD(Resource.PODS, false),
  /** Each node, at its kubelet's port. */
  NODE(Resource.NODES, false),
  /** Each port of each service, at its name. */
  SERVICE(Resource.SERVICES, false),
  /** Each address of each endpoints object, with the labels of its service and pod. */
  ENDPOINTS(Resource.ENDPOINTS, true),
  /** Each address of each endpoint slice, with the labels of its service and pod. */
  ENDPOINTSLICE(Resource.ENDPOINT_SLICES, true),
  /** Each path of each ingress. */
  INGRESS(Resource.INGRESSES, false);

  private final Resource primary;
  private final boolean endpoints;

  KubernetesRole(Resource primary, boolean endpoints) {
    this.primary = primary;
    this.endpoints = endpoints;
  }

  /** Returns the name in a configuration, e.g. {@code endpointslice}. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the kind of object that becomes targets. */
  Resource primary() {
    return primary;
  }

  /** Returns whether its targets can be pods. */
  boolean hasPods() {
    return this == POD || endpoints;
  }

  /** Returns the kinds of objects whose labels are attached. */
  List<Resource> joined() {
    return endpoints ? List.of(Resource.SERVICES, Resource.PODS) : List.of();
  }
}
