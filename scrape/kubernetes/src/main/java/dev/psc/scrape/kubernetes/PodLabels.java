package dev.psc.scrape.kubernetes;

import dev.psc.label.LabelSet;
import dev.psc.scrape.kubernetes.KubeObject.Meta;
import dev.psc.scrape.kubernetes.KubeObject.Pod;

/** A writer of the labels that all targets of a pod have in common. As {@link TargetMaker}. */
final class PodLabels {

  private final KubernetesDiscovery settings;
  private final MetaLabels meta;

  PodLabels(KubernetesDiscovery settings, MetaLabels meta) {
    this.settings = settings;
    this.meta = meta;
  }

  void set(Pod pod, TargetMaker.Lookup lookup, LabelSet.Builder labels) {
    meta.set(labels, "pod_name", pod.meta().name());
    meta.set(labels, "pod_ip", pod.ip());
    meta.set(labels, "pod_ready", pod.ready());
    meta.set(labels, "pod_phase", pod.phase());
    meta.set(labels, "pod_node_name", pod.nodeName());
    meta.set(labels, "pod_host_ip", pod.hostIp());
    meta.set(labels, "pod_uid", pod.meta().uid());
    meta.set(labels, "pod_controller_kind", pod.meta().controllerKind());
    meta.set(labels, "pod_controller_name", pod.meta().controllerName());
    if (pod.meta().deleting()) {
      meta.set(labels, "pod_deleting", "true");
    }
    ownerLabels(pod, lookup, labels);
    meta.describe(labels, "pod", pod.meta());
  }

  private void ownerLabels(Pod pod, TargetMaker.Lookup lookup, LabelSet.Builder labels) {
    String owner = pod.meta().controllerName();
    switch (pod.meta().controllerKind()) {
      case "ReplicaSet" -> {
        if (settings.attachDeployment()) {
          meta.set(
              labels,
              "pod_deployment_name",
              ownerOf(lookup, Resource.REPLICA_SETS, pod, "Deployment"));
        }
      }
      case "Job" -> {
        if (settings.attachJob()) {
          meta.set(labels, "pod_job_name", owner);
        }
        if (settings.attachCronJob()) {
          meta.set(labels, "pod_cronjob_name", ownerOf(lookup, Resource.JOBS, pod, "CronJob"));
        }
      }
      default -> {
        // Other controllers have no labels.
      }
    }
  }

  /** Returns the name of the owner of a pod's owner, or the empty text. */
  private static String ownerOf(
      TargetMaker.Lookup lookup, Resource resource, Pod pod, String kind) {
    KubeObject owner =
        lookup.find(resource, Meta.key(pod.meta().namespace(), pod.meta().controllerName()));
    return owner != null && owner.meta().controllerKind().equals(kind)
        ? owner.meta().controllerName()
        : "";
  }
}
