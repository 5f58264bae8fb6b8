package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A watch of the collections of a role, each on its own thread. */
final class KubernetesWatch implements TargetDiscovery, Reflector.ServerSource {

  private static final Logger logger = LoggerFactory.getLogger(KubernetesWatch.class);
  private static final long JOIN_MILLIS = 2000;

  private final KubernetesDiscovery settings;
  private final DiscoveryContext context;
  private final ClusterEnvironment environment;
  private final Timing timing;
  private final Object lock = new Object();
  private volatile @Nullable ApiServer server;

  // Guarded by lock.
  private final List<Reflector> reflectors = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable Future<?> again;
  private boolean closed;

  KubernetesWatch(
      KubernetesDiscovery settings,
      DiscoveryContext context,
      ClusterEnvironment environment,
      Timing timing) {
    this.settings = settings;
    this.context = context;
    this.environment = environment;
    this.timing = timing;
  }

  @Override
  public void start(TargetSink sink) {
    Interner interner = new Interner();
    Warnings warnings = new Warnings();
    MetaLabels labels =
        new MetaLabels(
            interner,
            (object, names) ->
                warnings.once(
                    object + " has " + names + " for the same label; the last in order is used"));
    KubernetesApi api = new KubernetesApi(context.http(), context.scheduler(), interner, timing);
    Set<Collection> collections;
    try {
      collections = collections();
    } catch (DiscoveryException e) {
      sink.failed(String.valueOf(e.getMessage()));
      retry(sink);
      return;
    }
    GroupIndex index =
        new GroupIndex(
            settings,
            collections,
            new TargetMaker(settings, labels),
            sink,
            warnings,
            context.clock());
    synchronized (lock) {
      if (closed) {
        return;
      }
      for (Collection what : collections) {
        Reflector reflector = new Reflector(api, this, what, index, timing, context.scheduler());
        Thread thread = context.threads().newThread(reflector);
        reflectors.add(reflector);
        threads.add(thread);
        thread.start();
      }
    }
  }

  /** Starts again later, when the own namespace may be known. */
  private void retry(TargetSink sink) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      try {
        again =
            context
                .scheduler()
                .schedule(
                    () -> context.blocking().execute(() -> start(sink)),
                    timing.longestRetry().toNanos(),
                    TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        logger.debug("kubernetes_sd: not starting again, as the scraper is shutting down", e);
      }
    }
  }

  @Override
  public ApiServer get() throws DiscoveryException {
    ApiServer found = find();
    server = found;
    return found;
  }

  private ApiServer find() throws DiscoveryException {
    if (settings.kubeconfigFile().isPresent()) {
      return Kubeconfig.read(settings.kubeconfigFile().get());
    }
    if (settings.apiServer().isPresent()) {
      URI base = settings.apiServer().get();
      return new ApiServer(
          base,
          settings.http().toBuilder().enableHttp2(false).build(),
          "",
          ApiServer.Origin.CONFIGURATION);
    }
    return environment.apiServer();
  }

  @Override
  public FileStamp stamp() {
    List<Path> files = new ArrayList<>();
    settings.kubeconfigFile().ifPresent(files::add);
    ApiServer known = server;
    if (known != null) {
      files.addAll(known.files());
    }
    return FileStamp.of(files);
  }

  private Set<Collection> collections() throws DiscoveryException {
    Set<String> namespaces = new LinkedHashSet<>(settings.namespaces());
    if (settings.ownNamespace()) {
      String own = get().ownNamespace();
      if (own.isEmpty()) {
        throw new DiscoveryException(
            "namespaces.own_namespace is set, but the service account has no namespace file; set"
                + " namespaces.names instead");
      }
      namespaces.add(own);
    }
    if (namespaces.isEmpty()) {
      namespaces.add("");
    }
    List<Resource> resources = new ArrayList<>();
    resources.add(settings.role().primary());
    resources.addAll(settings.role().joined());
    if (settings.attachNode()) {
      resources.add(Resource.NODES);
    }
    if (settings.attachNamespace()) {
      resources.add(Resource.NAMESPACES);
    }
    if (settings.attachDeployment()) {
      resources.add(Resource.REPLICA_SETS);
    }
    if (settings.attachCronJob()) {
      resources.add(Resource.JOBS);
    }
    Set<Collection> collections = new LinkedHashSet<>();
    for (Resource resource : resources) {
      for (String namespace : resource.namespaced() ? namespaces : Set.of("")) {
        collections.add(collection(resource, namespace));
      }
    }
    return collections;
  }

  private Collection collection(Resource resource, String namespace) {
    for (KubernetesSelector selector : settings.selectors()) {
      if (selector.role().primary() == resource) {
        return new Collection(resource, namespace, selector.label(), selector.field());
      }
    }
    return new Collection(resource, namespace, "", "");
  }

  @Override
  public void close() {
    List<Thread> running;
    synchronized (lock) {
      closed = true;
      if (again != null) {
        again.cancel(false);
      }
      reflectors.forEach(Reflector::close);
      running = List.copyOf(threads);
    }
    running.forEach(Thread::interrupt);
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(JOIN_MILLIS);
    try {
      for (Thread thread : running) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left > 0 && thread != Thread.currentThread()) {
          thread.join(left);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
