package dev.psc.jvm;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.DeliveryBuilder;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.internal.aggregate.SeriesSplitter;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.JvmProfiles;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** The settings of a {@link JvmProfiling}, checked one by one as they are set. Not thread-safe. */
final class ProfilingSettings {

  static final String NATIVE_MEMORY_REASON =
      "the running JVM does not record it; it is in recordings of async-profiler (nativemem) only";

  private static final long MIN_QUEUE_BYTES = 64 << 10;
  private static final long MIN_SPOOL_BYTES = 1 << 20;

  final CaptureSettings.Builder capture = CaptureSettings.builder();
  Set<JvmProfile> profiles = JvmProfile.defaults();
  @Nullable InetSocketAddress pprofAddress;
  @Nullable String pprofToken;
  @Nullable Path pprofTokenFile;
  boolean strict;
  Duration maxDuration = Duration.ofMinutes(5);
  boolean commandLine;
  @Nullable ProfileReceiver receiver;
  @Nullable ProfileSink sink;
  @Nullable SinkSettings store;
  @Nullable SinkSettings environmentStore;
  @Nullable SinkSettings environmentOtlp;
  boolean instanceLabel = true;
  LabelSet labels = LabelSet.empty();
  private List<String> splitBy = List.of();
  private int splitMaxSeries = 20;
  Duration interval = Duration.ofSeconds(10);
  private Duration idleTimeout = Duration.ofMinutes(5);
  Duration heapInterval = Duration.ofMinutes(1);
  @Nullable Long heapMaxBytes;
  boolean flushAtExit = true;
  ThreadFactory threadFactory = OwnThreads.daemons();
  private @Nullable Path spool;
  private @Nullable Long spoolMaxBytes;
  private @Nullable Long queueMaxBytes;

  void profiles(Set<JvmProfile> value) {
    profiles = live(value);
  }

  /** Rejects profiles that the running JVM does not have. */
  static Set<JvmProfile> live(Set<JvmProfile> profiles) {
    if (profiles.contains(JvmProfile.NATIVE_MEMORY)) {
      throw new IllegalArgumentException(
          "profiles must not contain native_memory: " + NATIVE_MEMORY_REASON);
    }
    return JvmProfiles.copyOf(profiles);
  }

  void pprofAddress(InetSocketAddress value) {
    pprofAddress = Objects.requireNonNull(value, "pprofAddress");
  }

  void pprofToken(String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException("pprofToken must not be blank");
    }
    pprofToken = value;
    pprofTokenFile = null;
  }

  void pprofTokenFile(Path value) {
    pprofTokenFile = Objects.requireNonNull(value, "pprofTokenFile");
    pprofToken = null;
  }

  void labels(LabelSet added) {
    if (added.contains(LabelSet.NAME)) {
      throw new IllegalArgumentException("labels must not contain " + LabelSet.NAME);
    }
    LabelSet.Builder merged = LabelSet.builder();
    labels.toMap().forEach(merged::set);
    added.toMap().forEach(merged::set);
    labels = merged.build();
  }

  void splitBy(List<String> names) {
    for (String name : names) {
      LabelSet checked = LabelSet.of(name, "value");
      if (checked.contains(LabelSet.NAME)) {
        throw new IllegalArgumentException("splitBy must not contain " + LabelSet.NAME);
      }
    }
    splitBy = List.copyOf(names);
  }

  void splitMaxSeries(int value) {
    splitMaxSeries = between("splitMaxSeries", value, 1, 1_000);
  }

  void interval(Duration value) {
    if (value.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("interval must be at least 1 s, but was " + value);
    }
    interval = value;
  }

  void idleTimeout(Duration value) {
    if (value.isNegative() || (!value.isZero() && value.compareTo(Duration.ofSeconds(1)) < 0)) {
      throw new IllegalArgumentException("idleTimeout must be 0 or at least 1 s, but was " + value);
    }
    idleTimeout = value;
  }

  void asyncProfilerLibrary(Path value) {
    capture.asyncProfilerLibrary(Objects.requireNonNull(value, "asyncProfilerLibrary"));
  }

  void cpuPeriod(Duration value) {
    if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(Duration.ofSeconds(1)) > 0) {
      throw new IllegalArgumentException(
          "cpuPeriod must be between 1 ms and 1 s, but was " + value);
    }
    capture.cpuPeriod(value);
  }

  void allocationsPerSecond(int value) {
    capture.allocationsPerSecond(between("allocationsPerSecond", value, 1, 10_000));
  }

  void lockThreshold(Duration value) {
    capture.lockThreshold(positive("lockThreshold", value));
  }

  void blockThreshold(Duration value) {
    capture.blockThreshold(positive("blockThreshold", value));
  }

  void stackDepth(int value) {
    capture.stackDepth(between("stackDepth", value, 16, 2_048));
  }

  void maxTraces(int value) {
    capture.maxTraces(between("maxTraces", value, 0, 50_000));
  }

  void repository(Path value) {
    capture.repository(Objects.requireNonNull(value, "repository"));
  }

  void heapMaxBytes(long value) {
    heapMaxBytes = atLeast("heapMaxBytes", value, 1);
  }

  void spool(Path value) {
    spool = Objects.requireNonNull(value, "spool");
  }

  void spoolMaxBytes(long value) {
    spoolMaxBytes = atLeast("spoolMaxBytes", value, MIN_SPOOL_BYTES);
  }

  void queueMaxBytes(long value) {
    queueMaxBytes = atLeast("queueMaxBytes", value, MIN_QUEUE_BYTES);
  }

  /**
   * Rejects settings that contradict each other.
   *
   * @param queueIsSet whether the application set the queue's size or spool itself
   */
  void check(boolean queueIsSet) {
    int destinations =
        (receiver == null ? 0 : 1) + (sink == null ? 0 : 1) + (store == null ? 0 : 1);
    if (destinations > 1) {
      throw new IllegalArgumentException(
          "receiver, sink and store are mutually exclusive: set one of them");
    }
    if (environmentStore != null && environmentOtlp != null && destinations == 0) {
      throw new IllegalArgumentException(
          "PSC_STORE_ADDRESS and PSC_OTLP_ENDPOINT are mutually exclusive: set one of them");
    }
    if (receiver != null && queueIsSet) {
      throw new IllegalArgumentException(
          "queueMaxBytes, spool and spoolMaxBytes need a sink or a store: a receiver has its own"
              + " queue");
    }
  }

  JvmProfiling start() {
    Profiler profiler = new Profiler(capture.build(), idleTimeout, profiles, threadFactory);
    // First of all: the flight recorder should start while little code has been JIT-compiled.
    profiler.start(receiver != null || sink != null || target() != null);
    JvmProfiling profiling = null;
    try {
      profiling = assemble(profiler);
    } finally {
      if (profiling == null) {
        profiler.close();
      }
    }
    return profiling;
  }

  private JvmProfiling assemble(Profiler profiler) {
    ProfileFactory factory = new ProfileFactory(profiler, heapInterval, heapMaxBytes);
    PprofToken token = new PprofToken(pprofToken, pprofTokenFile);
    if (strict) {
      token.check();
    }
    PprofHandler handler =
        new PprofHandler(
            profiler, factory, new PprofIndex(profiler), maxDuration, token, commandLine);
    StoreSink late = null;
    ProfileSink to = sink;
    SinkSettings target = target();
    if (target != null) {
      late = StoreSink.open(SinkProvider.load(targetKind()), target, strict);
      to = late;
    }
    Delivery delivery = to == null ? null : startDelivery(to, target != null);
    PprofEndpoint endpoint = null;
    if (pprofAddress != null) {
      try {
        endpoint = PprofEndpoint.start(pprofAddress, handler, threadFactory, token, strict);
      } catch (IOException e) {
        if (delivery != null) {
          delivery.close();
        }
        throw new UncheckedIOException(e);
      }
    }
    ProfileReceiver queue = delivery == null ? receiver : delivery;
    Pusher pusher =
        queue == null
            ? null
            : new Pusher(
                profiler,
                factory,
                queue,
                pushedLabels(),
                new SeriesSplitter(splitBy, splitMaxSeries),
                interval,
                threadFactory);
    JvmProfiling profiling = new JvmProfiling(profiler, handler, endpoint, pusher, delivery, late);
    if (pusher != null) {
      pusher.start();
      if (flushAtExit) {
        profiling.closeAtExit(threadFactory);
      }
    }
    return profiling;
  }

  /** Returns the labels of pushed profiles: replicas must not push equal series. */
  LabelSet pushedLabels() {
    if (!instanceLabel || labels.contains(ResourceAttributes.INSTANCE)) {
      return labels;
    }
    String instance = ResourceAttributes.instance(System::getenv);
    return instance.isEmpty() ? labels : labels.with(ResourceAttributes.INSTANCE, instance);
  }

  private boolean isFromEnvironment() {
    return store == null && sink == null && receiver == null;
  }

  /** Returns the store or collector to push to, or null if there is none. */
  private @Nullable SinkSettings target() {
    if (!isFromEnvironment()) {
      return store;
    }
    return environmentStore == null ? environmentOtlp : environmentStore;
  }

  /** Returns the kind of {@link #target}. */
  private String targetKind() {
    return isFromEnvironment() && environmentStore == null ? SinkProvider.OTLP : SinkProvider.STORE;
  }

  private Delivery startDelivery(ProfileSink to, boolean closeSink) {
    DeliveryBuilder builder = Delivery.builder(to).closeSink(closeSink);
    if (spool != null) {
      builder.spool(spool);
    }
    if (spoolMaxBytes != null) {
      builder.spoolMaxBytes(spoolMaxBytes);
    }
    if (queueMaxBytes != null) {
      builder.queueMaxBytes(queueMaxBytes);
    }
    Delivery delivery = builder.build();
    boolean started = false;
    try {
      delivery.start();
      started = true;
    } finally {
      if (!started) {
        delivery.close();
      }
    }
    return delivery;
  }

  static Duration positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive, but was " + value);
    }
    return value;
  }

  private static int between(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " must be between " + min + " and " + max + ", but was " + value);
    }
    return value;
  }

  private static long atLeast(String name, long value, long min) {
    if (value < min) {
      throw new IllegalArgumentException(name + " must be at least " + min + ", but was " + value);
    }
    return value;
  }
}
