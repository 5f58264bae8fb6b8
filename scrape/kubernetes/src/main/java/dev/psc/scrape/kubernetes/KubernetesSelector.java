package dev.psc.scrape.kubernetes;

import java.util.Objects;

/**
 * A selector of the objects of one kind that the API server sends. Immutable.
 *
 * @param role the kind
 * @param label a label selector as kubectl takes it, e.g. {@code app=web,tier!=cache}; empty for
 *     none
 * @param field a field selector, e.g. {@code spec.nodeName=node-1}; empty for none
 */
public record KubernetesSelector(KubernetesRole role, String label, String field) {

  /** Checks that nothing is null. */
  public KubernetesSelector {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(label, "label");
    Objects.requireNonNull(field, "field");
  }
}
