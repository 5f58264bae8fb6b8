package dev.psc.jvm;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.JvmExit;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.JvmProfiles;
import dev.psc.jvm.profile.ProfilingEngine;
import dev.psc.jvm.profile.TraceLabels;
import dev.psc.label.LabelSet;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A profiler of the JVM that it runs in. It serves profiles at {@code /debug/pprof/} like a Go
 * program, pushes them to a store, or both.
 *
 * <pre>{@code
 * try (JvmProfiling profiling = JvmProfiling.builder().environment().start()) {
 *   runTheApplication();
 * }
 * }</pre>
 *
 * <p>Start it, or call {@link #prepare()}, as the first thing in {@code main}: on JDK 17 to 22 a
 * late start of the JDK's flight recorder discards the compiled code of a warm JVM. Without a
 * working flight recorder, {@code goroutine} and {@code heap} are still available and {@link
 * #status} has the reason.
 *
 * <p>Thread-safe. The caller that starts it closes it.
 */
public final class JvmProfiling implements AutoCloseable {

  private final Profiler profiler;
  private final PprofHandler handler;
  private final @Nullable PprofEndpoint endpoint;
  private final @Nullable Pusher pusher;
  private final @Nullable Delivery delivery;
  private final @Nullable StoreSink store;
  private final Shutdown shutdown;

  JvmProfiling(
      Profiler profiler,
      PprofHandler handler,
      @Nullable PprofEndpoint endpoint,
      @Nullable Pusher pusher,
      @Nullable Delivery delivery,
      @Nullable StoreSink store) {
    this.profiler = profiler;
    this.handler = handler;
    this.endpoint = endpoint;
    this.pusher = pusher;
    this.delivery = delivery;
    this.store = store;
    this.shutdown = new Shutdown(profiler, endpoint, pusher, delivery);
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Initializes the JDK's flight recorder on a separate thread, for an application that starts
   * profiling later. Returns immediately and never throws.
   */
  public static void prepare() {
    SharedCapture.prepare(CaptureSettings.DEFAULT, OwnThreads.daemons());
  }

  /** Returns the handler of requests for profiles, for a server of the application. */
  public PprofHandler handler() {
    return handler;
  }

  /**
   * Returns the address at which profiles are served, with the actual port; none while it cannot be
   * bound.
   */
  public Optional<InetSocketAddress> pprofAddress() {
    return Optional.ofNullable(endpoint).flatMap(PprofEndpoint::address);
  }

  /** Returns the queue of a store or sink, for its metrics; {@link #close} closes it. */
  public Optional<Delivery> delivery() {
    return Optional.ofNullable(delivery);
  }

  /**
   * Changes which profiles are served and pushed. Running totals of profiles that stay are kept.
   *
   * @throws IllegalArgumentException if {@link JvmProfile#NATIVE_MEMORY} is among them
   */
  public void reconfigure(Set<JvmProfile> profiles) {
    profiler.reconfigure(ProfilingSettings.live(profiles));
  }

  /** Returns the current status: active profiles, cost and losses. */
  public JvmProfilingStatus status() {
    return new JvmProfilingStatus(
        profiler.profiles(),
        profiler.captureStatus(),
        profiler.unavailable(),
        pprofAddress(),
        Optional.ofNullable(pusher).map(Pusher::status),
        Optional.ofNullable(delivery).map(Delivery::snapshot),
        Stream.concat(
                Optional.ofNullable(endpoint).flatMap(PprofEndpoint::problem).stream(),
                Optional.ofNullable(store).flatMap(StoreSink::problem).stream())
            .toList());
  }

  /**
   * Pushes the last interval, closes the endpoint, stops the capture and removes its files, within
   * five seconds. Idempotent.
   */
  @Override
  public void close() {
    shutdown.close(JvmExit.isUnderWay());
  }

  void closeAtExit(ThreadFactory threadFactory) {
    shutdown.closeAtExit(threadFactory);
  }

  /**
   * A builder of a {@link JvmProfiling}. Each setting comes from the first of these that has it,
   * whatever the order of the calls:
   *
   * <ol>
   *   <li>a call of its method here;
   *   <li>the map given to {@link #environment(Map)};
   *   <li>a system property, if {@code environment} was called;
   *   <li>an environment variable, if {@code environment} was called;
   *   <li>the default.
   * </ol>
   *
   * <p>Labels are merged per name in that order. A receiver, sink or store replaces the store of
   * the environment. Not thread-safe.
   */
  public static final class Builder {

    private ProfilingSettings settings = new ProfilingSettings();
    private final List<Consumer<ProfilingSettings>> changes = new ArrayList<>();
    private boolean queueIsSet;

    private Builder() {}

    /**
     * Reads settings from environment variables such as {@code PSC_STORE_ADDRESS} and system
     * properties such as {@code psc.store.address}.
     *
     * @throws IllegalArgumentException if a value is invalid; the message has its name and value
     *     and the valid values
     */
    public Builder environment() {
      return environment(Map.of());
    }

    /**
     * Reads settings from a map, system properties and environment variables, for an application
     * that has its own options for some of them.
     *
     * @param given values by the name of the variable, e.g. {@code PSC_STORE_ADDRESS}
     * @throws IllegalArgumentException if a name is unknown or a value is invalid; the message has
     *     its name and value and the valid values
     */
    public Builder environment(Map<String, String> given) {
      return environment(Environment.ofProcess(given));
    }

    Builder environment(Environment environment) {
      ProfilingSettings fresh = new ProfilingSettings();
      environment.applyTo(fresh);
      changes.forEach(change -> change.accept(fresh));
      settings = fresh;
      return this;
    }

    private Builder set(Consumer<ProfilingSettings> change) {
      change.accept(settings);
      changes.add(change);
      return this;
    }

    ProfilingSettings settings() {
      return settings;
    }

    /**
     * Sets which profiles are served and pushed, e.g. {@code
     * JvmProfile.defaults().plus(JvmProfile.WALL)}. {@link JvmProfile#defaults()} by default.
     * {@link JvmProfile#HEAP} and {@link JvmProfile#LEAK_SUSPECTS} are never pushed because they
     * stop the application.
     *
     * @throws IllegalArgumentException if {@link JvmProfile#NATIVE_MEMORY} is among them, which
     *     only recordings have
     */
    public Builder profiles(Set<JvmProfile> profiles) {
      Set<JvmProfile> copy = JvmProfiles.copyOf(profiles);
      return set(s -> s.profiles(copy));
    }

    /** Sets which profiles are served and pushed, and no others. */
    public Builder profiles(JvmProfile... profiles) {
      return profiles(JvmProfiles.of(profiles));
    }

    /** Sets the address at which profiles are served. None by default; port 0 is any free port. */
    public Builder pprofAddress(InetSocketAddress address) {
      return set(s -> s.pprofAddress(address));
    }

    /** Sets the bearer token that requests for profiles must carry. None by default. */
    public Builder pprofToken(String token) {
      return set(s -> s.pprofToken(token));
    }

    /**
     * Sets whether {@link #start} throws if the address cannot be bound or a token file cannot be
     * read. By default it logs that, profiling starts without it, and it is retried; {@link
     * JvmProfilingStatus#problems} has what is missing. An unavailable store is never an error of
     * the start.
     */
    public Builder strict(boolean strict) {
      return set(s -> s.strict = strict);
    }

    /** Sets the maximum {@code seconds} of a request; 5 minutes by default. */
    public Builder maxDuration(Duration maxDuration) {
      ProfilingSettings.positive("maxDuration", maxDuration);
      return set(s -> s.maxDuration = maxDuration);
    }

    /** Sets whether {@code /debug/pprof/cmdline} is served, secrets masked; false by default. */
    public Builder commandLine(boolean commandLine) {
      return set(s -> s.commandLine = commandLine);
    }

    /** Sets the store to push to, through a {@link SinkProvider}. None by default. */
    public Builder store(SinkSettings store) {
      Objects.requireNonNull(store, "store");
      return set(s -> s.store = store);
    }

    /** Sets the sink to push to through a queue; the caller closes it. None by default. */
    public Builder sink(ProfileSink sink) {
      Objects.requireNonNull(sink, "sink");
      return set(s -> s.sink = sink);
    }

    /** Sets the receiver of pushed profiles, e.g. an existing {@link Delivery}. None by default. */
    public Builder receiver(ProfileReceiver receiver) {
      Objects.requireNonNull(receiver, "receiver");
      return set(s -> s.receiver = receiver);
    }

    /**
     * Sets the maximum number of bytes of profiles kept in memory for a store or sink; when there
     * are more, the oldest are dropped. At least 64 KiB, 64 MiB by default.
     */
    public Builder queueMaxBytes(long bytes) {
      queueIsSet = true;
      return set(s -> s.queueMaxBytes(bytes));
    }

    /**
     * Sets the directory in which profiles for a store or sink are kept until they are sent, so
     * that they survive an outage and a restart. It is created if missing and must not be shared
     * with another process. None by default.
     */
    public Builder spool(Path directory) {
      queueIsSet = true;
      return set(s -> s.spool(directory));
    }

    /**
     * Sets the maximum size of the spool; when it is full, the oldest profiles are dropped. At
     * least 1 MiB, 1 GiB by default.
     */
    public Builder spoolMaxBytes(long bytes) {
      queueIsSet = true;
      return set(s -> s.spoolMaxBytes(bytes));
    }

    /** Adds labels of pushed profiles, without {@code __name__}; the last value of a name wins. */
    public Builder labels(LabelSet labels) {
      return set(s -> s.labels(labels));
    }

    /** Sets whether pushed profiles have the host or pod as {@code instance}; true by default. */
    public Builder instanceLabel(boolean instance) {
      return set(s -> s.instanceLabel = instance);
    }

    /**
     * Sets labels of samples by which pushed profiles are split into series, for stores that keep
     * labels of series only. Samples without these labels, and those of further combinations of
     * values, stay in the series without them. None by default.
     *
     * @param maxSeries the maximum number of combinations of values, of each profile; between 1 and
     *     1000
     * @param labels the names of the labels
     */
    public Builder splitBy(int maxSeries, String... labels) {
      List<String> names = List.of(labels);
      return set(
          s -> {
            s.splitMaxSeries(maxSeries);
            s.splitBy(names);
          });
    }

    /** Sets the length of a pushed profile; at least 1 s, 10 s by default. */
    public Builder interval(Duration interval) {
      return set(s -> s.interval(interval));
    }

    /**
     * Sets how long events are captured after the last request for a profile, if profiles are only
     * served; 0 or at least 1 s, 5 minutes by default. The next request starts the capture and its
     * running totals again. 0 captures all the time, as for profiles that are pushed.
     */
    public Builder idleTimeout(Duration timeout) {
      return set(s -> s.idleTimeout(timeout));
    }

    /** Sets the source of events; {@link ProfilingEngine#JFR} by default. */
    public Builder engine(ProfilingEngine engine) {
      return set(s -> s.capture.engine(Objects.requireNonNull(engine, "engine")));
    }

    /** Sets the file of async-profiler's native library; by default the one in its jar. */
    public Builder asyncProfilerLibrary(Path file) {
      return set(s -> s.asyncProfilerLibrary(file));
    }

    /** Sets the CPU sampling interval of a busy thread; between 1 ms and 1 s, 10 ms by default. */
    public Builder cpuPeriod(Duration period) {
      return set(s -> s.cpuPeriod(period));
    }

    /**
     * Sets the maximum mean number of allocation events per second; between 1 and 10000, 300 by
     * default. More events reduce the noise of the profile, not its bias.
     */
    public Builder allocationsPerSecond(int rate) {
      return set(s -> s.allocationsPerSecond(rate));
    }

    /**
     * Sets whether all allocation buffers are counted instead of some of them, at several thousand
     * events per second. False by default.
     */
    public Builder exactAllocations(boolean exact) {
      return set(s -> s.capture.exactAllocations(exact));
    }

    /** Sets whether the allocated class is the leaf of allocation stacks; false by default. */
    public Builder allocatedClass(boolean leaf) {
      return set(s -> s.capture.allocatedClass(leaf));
    }

    /**
     * Sets the shortest counted wait for a lock, in a monitor's wait set or parked; positive, 1 ms
     * by default. While there are too many such events, the threshold rises automatically.
     */
    public Builder lockThreshold(Duration threshold) {
      return set(s -> s.lockThreshold(threshold));
    }

    /** Sets the shortest counted sleep, socket or file wait; positive, 10 ms by default. */
    public Builder blockThreshold(Duration threshold) {
      return set(s -> s.blockThreshold(threshold));
    }

    /**
     * Sets the maximum number of frames of a stack; between 16 and 2048, 256 by default. Without
     * effect if the flight recorder is already initialized.
     */
    public Builder stackDepth(int depth) {
      return set(s -> s.stackDepth(depth));
    }

    /** Sets whether pool threads that wait for work are counted as waiting; false by default. */
    public Builder idleThreads(boolean count) {
      return set(s -> s.capture.idleThreads(count));
    }

    /** Sets whether the profiler's own threads are shown like any other; false by default. */
    public Builder ownThreads(boolean show) {
      return set(s -> s.capture.ownThreads(show));
    }

    /**
     * Sets whether samples have the label {@code thread}, with numbers replaced by N; false by
     * default.
     */
    public Builder threadNames(boolean label) {
      return set(s -> s.capture.threadNames(label));
    }

    /**
     * Sets the maximum number of distinct trace ids of a profile; between 0 and 50000, 2000 by
     * default. Samples of further traces have no trace id. 0 turns trace ids off. See {@link
     * ProfileTraces}.
     */
    public Builder maxTraces(int traces) {
      return set(s -> s.maxTraces(traces));
    }

    /** Sets the labels of trace ids; {@link TraceLabels#openTelemetry()} by default. */
    public Builder traceLabels(TraceLabels labels) {
      Objects.requireNonNull(labels, "labels");
      return set(s -> s.capture.traceLabels(labels));
    }

    /**
     * Sets the directory of the flight recorder's working files (a few MB); under {@code
     * java.io.tmpdir} by default. Without effect if the flight recorder is already initialized.
     */
    public Builder repository(Path directory) {
      return set(s -> s.repository(directory));
    }

    /**
     * Sets the minimum time between two histograms of the live heap, which stop the application for
     * up to 1.6 s per GB; 1 minute by default, and at least 200 times the last pause.
     */
    public Builder heapInterval(Duration interval) {
      ProfilingSettings.positive("heapInterval", interval);
      return set(s -> s.heapInterval = interval);
    }

    /**
     * Sets the used heap above which no histogram of the live heap is taken. By default 1 GiB for
     * the first one; then none that is expected to stop the application for more than 1.5 s.
     */
    public Builder heapMaxBytes(long bytes) {
      return set(s -> s.heapMaxBytes(bytes));
    }

    /** Sets whether the last interval is pushed when the JVM exits; true by default. */
    public Builder flushAtExit(boolean flush) {
      return set(s -> s.flushAtExit = flush);
    }

    /**
     * Sets the factory of the profiler's threads, which should be daemons; plain daemon threads by
     * default.
     */
    public Builder threadFactory(ThreadFactory threadFactory) {
      Objects.requireNonNull(threadFactory, "threadFactory");
      return set(s -> s.threadFactory = threadFactory);
    }

    /**
     * Starts profiling. Returns immediately; event capture is ready within about a second. An
     * address that is in use, a token file that is missing and a store that is unavailable do not
     * stop an application, see {@link #strict}.
     *
     * @throws IllegalArgumentException if more than one of receiver, sink and store is set, a
     *     receiver is combined with a queue size or spool, or the store's settings are invalid
     * @throws IllegalStateException if there is no {@link SinkProvider} on the class path for a
     *     store, or {@link #strict} is set and the store's token file cannot be read
     * @throws UncheckedIOException if {@link #strict} is set and the address cannot be bound or the
     *     file with the token for profiles cannot be read
     */
    public JvmProfiling start() {
      settings.check(queueIsSet);
      return settings.start();
    }

    /**
     * Returns a source that profiles this JVM from its {@link ProfileSource#start} to its close,
     * with the current settings.
     */
    public ProfileSource source() {
      return new JvmProfileSource(this);
    }
  }
}
