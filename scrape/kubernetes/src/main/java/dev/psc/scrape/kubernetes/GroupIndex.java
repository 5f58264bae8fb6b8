package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.kubernetes.KubeObject.EndpointSlice;
import dev.psc.scrape.kubernetes.KubeObject.Endpoints;
import dev.psc.scrape.kubernetes.KubeObject.Meta;
import dev.psc.scrape.kubernetes.KubeObject.Pod;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An index that joins the objects of all reflectors into groups of targets, and publishes the
 * groups that changed.
 *
 * <p>Without joins, objects are converted immediately and not retained. Otherwise they are kept,
 * and a change of a service, pod, node or namespace updates the groups that have its labels. A
 * namespace is published once all collections of it were listed, since rules may depend on labels
 * that would be missing before. Thread-safe.
 */
final class GroupIndex {

  private static final Logger logger = LoggerFactory.getLogger(GroupIndex.class);

  /** The prefix of a key that refers by way of a pod. */
  private static final String VIA_POD = "pod ";

  private static final Duration LOG_PAUSE = Duration.ofMinutes(1);
  private static final Duration LOG_REPEAT = Duration.ofHours(1);

  private final KubernetesDiscovery settings;
  private final TargetMaker maker;
  private final TargetSink sink;
  private final Warnings warnings;
  private final Clock clock;
  private final boolean joined;
  private final Object lock = new Object();
  private final AtomicInteger waiting = new AtomicInteger();

  // Guarded by lock.
  private final Map<Resource, Map<String, KubeObject>> objects = new EnumMap<>(Resource.class);
  private final Map<String, Set<String>> referrers = new HashMap<>();
  private final Map<String, Set<String>> references = new HashMap<>();
  private final Map<String, TargetGroup> published = new HashMap<>();

  /** Changes since the last publication: the object, or null if it was deleted. */
  private Map<String, @Nullable KubeObject> dirty = new LinkedHashMap<>();

  /** Collections that were not listed yet. */
  private final Set<Collection> missing;

  /** Collections that were neither listed nor failed yet. */
  private final Set<Collection> unsettled;

  private final Map<String, String> failing = new TreeMap<>();
  private boolean replacedOnce;
  private boolean failureShown;

  // Only the publishing thread, of which there is one at a time.
  private String lastLogged = "";
  private Instant lastLogAt = Instant.MIN;

  GroupIndex(
      KubernetesDiscovery settings,
      Set<Collection> collections,
      TargetMaker maker,
      TargetSink sink,
      Warnings warnings,
      Clock clock) {
    this.settings = settings;
    this.missing = new HashSet<>(collections);
    this.unsettled = new HashSet<>(collections);
    this.maker = maker;
    this.sink = sink;
    this.warnings = warnings;
    this.clock = clock;
    this.joined = collections.stream().anyMatch(c -> c.resource() != settings.role().primary());
  }

  /** Replaces a collection by a complete list; objects that are not in it are removed. */
  void replaced(Collection what, List<KubeObject> all) {
    synchronized (lock) {
      Set<String> keys = new HashSet<>();
      for (KubeObject object : all) {
        keys.add(object.meta().key());
        put(what.resource(), object);
      }
      for (String key : known(what)) {
        if (!keys.contains(key)) {
          remove(what.resource(), key);
        }
      }
      missing.remove(what);
      unsettled.remove(what);
    }
    publish();
  }

  private Set<String> known(Collection what) {
    Set<String> keys = new HashSet<>();
    if (joined) {
      keys.addAll(objects.getOrDefault(what.resource(), Map.of()).keySet());
    } else {
      keys.addAll(published.keySet());
      keys.addAll(dirty.keySet());
    }
    if (!what.namespace().isEmpty()) {
      keys.removeIf(key -> !key.startsWith(what.namespace() + "/"));
    }
    return keys;
  }

  void changed(Collection what, KubeObject object) {
    synchronized (lock) {
      put(what.resource(), object);
    }
    publish();
  }

  void deleted(Collection what, KubeObject object) {
    synchronized (lock) {
      remove(what.resource(), object.meta().key());
    }
    publish();
  }

  /** Clears the error of a collection, as its watch is open. */
  void watching(Collection what) {
    boolean changed;
    synchronized (lock) {
      changed = failing.remove(what.describe()) != null;
    }
    if (changed) {
      publish();
    }
  }

  void failed(Collection what, String message) {
    synchronized (lock) {
      unsettled.remove(what);
      failing.put(what.describe(), message);
    }
    publish();
  }

  private void put(Resource resource, KubeObject object) {
    String key = object.meta().key();
    boolean primary = resource == settings.role().primary();
    if (!joined) {
      dirty.put(key, object);
      return;
    }
    KubeObject before = objects.computeIfAbsent(resource, r -> new HashMap<>()).put(key, object);
    if (object.equals(before)) {
      return;
    }
    if (primary) {
      refer(key, referencesOf(object));
      dirty.put(key, object);
    } else {
      if (object instanceof Pod pod) {
        refer(VIA_POD + key, ownersOf(pod));
      }
      touch(resource, key);
    }
  }

  private void remove(Resource resource, String key) {
    boolean primary = resource == settings.role().primary();
    if (joined) {
      objects.getOrDefault(resource, new HashMap<>()).remove(key);
    }
    if (primary) {
      refer(key, Set.of());
      dirty.put(key, null);
    } else {
      if (resource == Resource.PODS) {
        refer(VIA_POD + key, Set.of());
      }
      touch(resource, key);
    }
  }

  /** Marks the groups that have labels of an object. */
  private void touch(Resource resource, String key) {
    Map<String, KubeObject> primaries = objects.getOrDefault(settings.role().primary(), Map.of());
    for (String referrer : referrers.getOrDefault(reference(resource, key), Set.of())) {
      if (referrer.startsWith(VIA_POD)) {
        touch(Resource.PODS, referrer.substring(VIA_POD.length()));
        continue;
      }
      KubeObject primary = primaries.get(referrer);
      if (primary != null) {
        dirty.put(referrer, primary);
      }
    }
  }

  private void refer(String key, Set<String> now) {
    Set<String> before = now.isEmpty() ? references.remove(key) : references.put(key, now);
    if (before != null) {
      for (String reference : before) {
        Set<String> keys = referrers.get(reference);
        if (keys != null && keys.remove(key) && keys.isEmpty()) {
          referrers.remove(reference);
        }
      }
    }
    for (String reference : now) {
      referrers.computeIfAbsent(reference, r -> new HashSet<>()).add(key);
    }
  }

  private static String reference(Resource resource, String key) {
    return resource.plural() + " " + key;
  }

  private Set<String> referencesOf(KubeObject object) {
    Set<String> found = new HashSet<>();
    Meta meta = object.meta();
    if (settings.attachNamespace()) {
      found.add(reference(Resource.NAMESPACES, meta.namespace()));
    }
    if (object instanceof Pod pod) {
      found.add(reference(Resource.NODES, pod.nodeName()));
      found.addAll(ownersOf(pod));
    } else if (object instanceof Endpoints endpoints) {
      found.add(reference(Resource.SERVICES, meta.key()));
      for (KubeObject.Subset subset : endpoints.subsets()) {
        subset.ready().forEach(endpoint -> refer(endpoint, found));
        subset.notReady().forEach(endpoint -> refer(endpoint, found));
      }
    } else if (object instanceof EndpointSlice slice) {
      String service = meta.labels().getOrDefault(TargetMaker.SERVICE_NAME_LABEL, "");
      found.add(reference(Resource.SERVICES, Meta.key(meta.namespace(), service)));
      slice.endpoints().forEach(endpoint -> refer(endpoint, found));
    }
    return found;
  }

  /** Returns the references to the owners whose own owner a label shows. */
  private Set<String> ownersOf(Pod pod) {
    Meta meta = pod.meta();
    String owner = Meta.key(meta.namespace(), meta.controllerName());
    if (settings.attachDeployment() && meta.controllerKind().equals("ReplicaSet")) {
      return Set.of(reference(Resource.REPLICA_SETS, owner));
    }
    if (settings.attachCronJob() && meta.controllerKind().equals("Job")) {
      return Set.of(reference(Resource.JOBS, owner));
    }
    return Set.of();
  }

  private void refer(KubeObject.Endpoint endpoint, Set<String> found) {
    String pod = TargetMaker.podKey(endpoint);
    if (!pod.isEmpty()) {
      found.add(reference(Resource.PODS, pod));
    }
    if (settings.attachNode()) {
      found.add(reference(Resource.NODES, endpoint.nodeName()));
      if (endpoint.targetKind().equals("Node")) {
        found.add(reference(Resource.NODES, endpoint.targetName()));
      }
    }
  }

  /** Publishes changes in their order, on one thread at a time. */
  private void publish() {
    if (waiting.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      publishOnce();
      seen = waiting.addAndGet(-seen);
    } while (seen != 0);
  }

  private void publishOnce() {
    List<TargetGroup> groups;
    String failure;
    boolean first;
    boolean cleared;
    synchronized (lock) {
      if (!unsettled.isEmpty()) {
        return;
      }
      groups = takeChanged();
      failure =
          String.join("; ", new HashSet<>(failing.values()).stream().sorted().limit(3).toList());
      first = !replacedOnce && (failing.isEmpty() || !groups.isEmpty());
      replacedOnce |= first;
      cleared = failureShown && failure.isEmpty();
      failureShown = !failure.isEmpty();
    }
    if (first) {
      sink.replace(groups);
    } else if (!groups.isEmpty() && !failure.isEmpty()) {
      sink.update(groups, failure);
    } else if (!groups.isEmpty() || cleared) {
      sink.update(groups);
    }
    if (!failure.isEmpty()) {
      sink.failed(failure);
    }
    log(failure);
  }

  private List<TargetGroup> takeChanged() {
    List<TargetGroup> groups = new ArrayList<>();
    Map<String, @Nullable KubeObject> later = new LinkedHashMap<>();
    for (Map.Entry<String, @Nullable KubeObject> entry : dirty.entrySet()) {
      String key = entry.getKey();
      if (!complete(key)) {
        later.put(key, entry.getValue());
        continue;
      }
      TargetGroup group = group(key, entry.getValue());
      if (group.targets().isEmpty()) {
        if (published.remove(key) != null) {
          groups.add(group);
        }
      } else if (!group.equals(published.put(key, group))) {
        groups.add(group);
      }
    }
    dirty = later;
    return groups;
  }

  private TargetGroup group(String key, @Nullable KubeObject object) {
    if (object == null) {
      return new TargetGroup(
          TargetMaker.source(settings.role(), key), List.of(), dev.psc.label.LabelSet.empty());
    }
    if (object instanceof Endpoints endpoints) {
      warnOfTruncation(endpoints);
    }
    return maker.group(
        object, (resource, other) -> objects.getOrDefault(resource, Map.of()).get(other));
  }

  /** Returns whether all collections that a key is joined with were listed. */
  private boolean complete(String key) {
    for (Collection what : missing) {
      if (what.namespace().isEmpty() || key.startsWith(what.namespace() + "/")) {
        return false;
      }
    }
    return true;
  }

  private void warnOfTruncation(Endpoints endpoints) {
    String capacity =
        endpoints.meta().annotations().getOrDefault("endpoints.kubernetes.io/over-capacity", "");
    if (capacity.equals("truncated") || capacity.equals("warning")) {
      warnings.once(
          "endpoints "
              + endpoints.meta().key()
              + " have more than 1000 addresses"
              + (capacity.equals("truncated") ? ", and the rest is truncated" : "")
              + "; use role: endpointslice");
    }
  }

  /** Logs a change, at most once a minute, and a lasting failure each hour. */
  private void log(String failure) {
    if (failure.isEmpty()) {
      if (!lastLogged.isEmpty()) {
        logger.info(
            "kubernetes_sd: discovery of role {} works again", settings.role().configName());
        lastLogged = "";
      }
      return;
    }
    Instant now = clock.instant();
    boolean changed = !failure.equals(lastLogged);
    if (lastLogAt.equals(Instant.MIN)
        || (changed && !now.isBefore(lastLogAt.plus(LOG_PAUSE)))
        || !now.isBefore(lastLogAt.plus(LOG_REPEAT))) {
      logger.warn("kubernetes_sd: {}; keeping the last good targets", failure);
      lastLogged = failure;
      lastLogAt = now;
    }
  }
}
