package dev.psc.jvm;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Profiles the JVM that it runs in: serves what it finds at {@code /debug/pprof/} as a Go program
 * does, pushes it to a store, or both.
 *
 * <pre>{@code
 * try (JvmProfiling profiling = JvmProfiling.builder().environment().start()) {
 *   runTheApplication();
 * }
 * }</pre>
 *
 * <p>Start it, or call {@link #prepare()}, as the first thing in {@code main}: on JDK 17 to 22 a
 * late start of the JDK's flight recorder costs a warm JVM its compiled code. Where the flight
 * recorder is missing or cannot work, everything else goes on and {@link #status} says why.
 *
 * <p>Thread-safe; who starts it closes it.
 */
public final class JvmProfiling implements AutoCloseable {

  private static final Duration EXIT_TIMEOUT = Duration.ofMillis(1_200);

  private final Profiler profiler;
  private final PprofHandler handler;
  private final @Nullable PprofServer server;
  private final @Nullable Pusher pusher;
  private final @Nullable Delivery delivery;
  private @Nullable Thread exitHook;
  private boolean closed;

  private JvmProfiling(
      Profiler profiler,
      PprofHandler handler,
      @Nullable PprofServer server,
      @Nullable Pusher pusher,
      @Nullable Delivery delivery) {
    this.profiler = profiler;
    this.handler = handler;
    this.server = server;
    this.pusher = pusher;
    this.delivery = delivery;
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Initializes the JDK's flight recorder on a thread of its own, for an application that starts
   * profiling later. Returns at once and never throws.
   */
  public static void prepare() {
    SharedCapture.prepare(CaptureSettings.DEFAULT, OwnThreads.daemons());
  }

  /** Returns what answers requests for profiles, to be mounted in a server of the application. */
  public PprofHandler handler() {
    return handler;
  }

  /** Returns where profiles are served, with the port that was chosen, if they are. */
  public Optional<InetSocketAddress> pprofAddress() {
    return Optional.ofNullable(server).map(PprofServer::address);
  }

  /**
   * Changes which profiles can be had and are pushed, from now on. Running totals of those that
   * stay go on.
   */
  public void reconfigure(Set<JvmProfile> profiles) {
    profiler.reconfigure(profiles);
  }

  /** Returns what runs, what it costs and what was lost. */
  public JvmProfilingStatus status() {
    return new JvmProfilingStatus(
        profiler.profiles(),
        profiler.captureStatus(),
        profiler.unavailable(),
        pprofAddress(),
        Optional.ofNullable(pusher).map(Pusher::status),
        Optional.ofNullable(delivery).map(Delivery::snapshot));
  }

  /**
   * Pushes what is left, ends the endpoint and the capture and removes its files, within five
   * seconds; idempotent.
   */
  @Override
  public void close() {
    close(false);
  }

  private void close(boolean exiting) {
    Thread hook;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      hook = exitHook;
    }
    if (hook != null && !exiting) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        exiting = true; // the JVM exits already
      }
    }
    if (server != null) {
      server.close();
    }
    if (pusher != null) {
      pusher.close(exiting);
    }
    if (delivery != null) {
      if (exiting) {
        delivery.close(EXIT_TIMEOUT);
      } else {
        delivery.close();
      }
    }
    if (!exiting) {
      profiler.close();
    }
  }

  private void closeAtExit(ThreadFactory threads) {
    Thread hook = OwnThreads.thread(threads, "psc-jvm-exit", () -> close(true));
    synchronized (this) {
      exitHook = hook;
    }
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      close(true); // the JVM exits already
    }
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {

    private static final Duration LEAST_PERIOD = Duration.ofMillis(1);
    private static final int MOST_DEPTH = 2_048;
    private static final Set<JvmProfile> DEFAULT_PROFILES =
        Set.of(
            JvmProfile.PROCESS_CPU,
            JvmProfile.MEMORY,
            JvmProfile.HEAP,
            JvmProfile.MUTEX,
            JvmProfile.BLOCK,
            JvmProfile.GOROUTINE,
            JvmProfile.THREADCREATE);

    private Set<JvmProfile> profiles = DEFAULT_PROFILES;
    private CaptureSettings capture = CaptureSettings.DEFAULT;
    private @Nullable InetSocketAddress pprofAddress;
    private @Nullable String pprofToken;
    private Duration maxDuration = Duration.ofMinutes(5);
    private boolean commandLine;
    private @Nullable ProfileReceiver receiver;
    private @Nullable ProfileSink sink;
    private @Nullable SinkSettings store;
    private LabelSet labels = LabelSet.empty();
    private Duration interval = Duration.ofSeconds(10);
    private Duration heapInterval = Duration.ofMinutes(1);
    private long heapMaxBytes = 2L << 30;
    private boolean flushAtExit = true;
    private ThreadFactory threads = OwnThreads.daemons();

    private Builder() {}

    /**
     * Takes the settings of the environment: variables such as {@code PSC_STORE_ADDRESS}, or system
     * properties such as {@code psc.store.address}. What is set afterwards wins.
     *
     * @throws IllegalArgumentException when one is wrong: its name, its value and what is right
     */
    public Builder environment() {
      return environment(Map.of());
    }

    /**
     * Takes the settings of the environment, of which some are given here, for an application that
     * has options of its own for them.
     *
     * @param given values by the name of the variable, e.g. {@code PSC_STORE_ADDRESS}
     * @throws IllegalArgumentException when one is wrong: its name, its value and what is right
     */
    public Builder environment(Map<String, String> given) {
      Environment.ofProcess(given).applyTo(this);
      return this;
    }

    /**
     * Sets which profiles can be had and are pushed. By default all but {@link JvmProfile#WALL},
     * {@link JvmProfile#EXCEPTIONS} and {@link JvmProfile#LEAK_SUSPECTS}. Never pushed, because
     * they stop the application: {@link JvmProfile#HEAP} and {@link JvmProfile#LEAK_SUSPECTS}.
     */
    public Builder profiles(JvmProfile... profiles) {
      return profiles(new HashSet<>(Arrays.asList(profiles)));
    }

    Builder profiles(Set<JvmProfile> profiles) {
      Set<JvmProfile> live = new HashSet<>(profiles);
      live.remove(JvmProfile.NATIVE_MEMORY); // in recordings only
      this.profiles = Set.copyOf(live);
      return this;
    }

    Set<JvmProfile> wantedProfiles() {
      return profiles;
    }

    /** Sets where to serve profiles; nowhere by default. Port 0 is any free one. */
    public Builder pprofAddress(InetSocketAddress address) {
      this.pprofAddress = Objects.requireNonNull(address, "address");
      return this;
    }

    /** Sets the bearer token that requests for profiles must carry; none by default. */
    public Builder pprofToken(String token) {
      if (token.isBlank()) {
        throw new IllegalArgumentException("pprofToken is blank");
      }
      this.pprofToken = token;
      return this;
    }

    /** Sets the largest {@code seconds} of a request; 5 minutes by default. */
    public Builder maxDuration(Duration maxDuration) {
      this.maxDuration = positive("maxDuration", maxDuration);
      return this;
    }

    /** Sets whether {@code /debug/pprof/cmdline} is answered, secrets masked; false by default. */
    public Builder commandLine(boolean commandLine) {
      this.commandLine = commandLine;
      return this;
    }

    /** Sets the store to push to, found through {@link SinkProvider}; none by default. */
    public Builder store(SinkSettings store) {
      this.store = Objects.requireNonNull(store, "store");
      return this;
    }

    /** Sets the sink to push to, through a queue of its own; not closed here. None by default. */
    public Builder sink(ProfileSink sink) {
      this.sink = Objects.requireNonNull(sink, "sink");
      return this;
    }

    /** Sets who takes pushed profiles, e.g. a delivery of yours; none by default. */
    public Builder receiver(ProfileReceiver receiver) {
      this.receiver = Objects.requireNonNull(receiver, "receiver");
      return this;
    }

    /** Sets the labels of pushed profiles, without {@code __name__}; none by default. */
    public Builder labels(LabelSet labels) {
      if (labels.contains(LabelSet.NAME)) {
        throw new IllegalArgumentException("labels must not have " + LabelSet.NAME);
      }
      this.labels = labels;
      return this;
    }

    /** Sets how long a pushed profile is; from 1 s, 10 s by default. */
    public Builder interval(Duration interval) {
      if (interval.compareTo(Duration.ofSeconds(1)) < 0) {
        throw new IllegalArgumentException("interval must be at least 1 s, but is " + interval);
      }
      this.interval = interval;
      return this;
    }

    /** Sets the distance between two CPU samples of a busy thread; from 1 ms, 10 ms by default. */
    public Builder cpuPeriod(Duration period) {
      if (period.compareTo(LEAST_PERIOD) < 0 || period.compareTo(Duration.ofSeconds(1)) > 0) {
        throw new IllegalArgumentException("cpuPeriod must be from 1 ms to 1 s, but is " + period);
      }
      capture = capture.withCpuPeriod(period);
      return this;
    }

    /** Sets the most allocation samples per second; from 1 to 10,000, 300 by default. */
    public Builder allocationsPerSecond(int rate) {
      if (rate < 1 || rate > 10_000) {
        throw new IllegalArgumentException(
            "allocationsPerSecond must be from 1 to 10000, but is " + rate);
      }
      capture = capture.withAllocationsPerSecond(rate);
      return this;
    }

    /**
     * Sets whether all allocation buffers are counted instead of samples: objects are then exact,
     * at several thousand events per second; false by default.
     */
    public Builder exactAllocations(boolean exact) {
      capture = capture.withExactAllocations(exact);
      return this;
    }

    /** Sets whether the allocated class is the leaf of allocation stacks; false by default. */
    public Builder allocatedClass(boolean leaf) {
      capture = capture.withAllocatedClass(leaf);
      return this;
    }

    /**
     * Sets the shortest wait for a lock, in a monitor's wait set or parked that is counted; more
     * than zero, 1 ms by default. It rises by itself while there are too many.
     */
    public Builder lockThreshold(Duration threshold) {
      capture = capture.withLockThreshold(positive("lockThreshold", threshold));
      return this;
    }

    /** Sets the shortest sleep, socket or file wait that is counted; 10 ms by default. */
    public Builder blockThreshold(Duration threshold) {
      capture = capture.withBlockThreshold(positive("blockThreshold", threshold));
      return this;
    }

    /**
     * Sets the most frames of a stack; from 16 to 2048, 256 by default. Without effect when the
     * flight recorder runs already.
     */
    public Builder stackDepth(int depth) {
      if (depth < 16 || depth > MOST_DEPTH) {
        throw new IllegalArgumentException("stackDepth must be from 16 to 2048, but is " + depth);
      }
      capture = capture.withStackDepth(depth);
      return this;
    }

    /** Sets whether pool threads that wait for work are counted as waiting; false by default. */
    public Builder idleThreads(boolean count) {
      capture = capture.withIdleThreads(count);
      return this;
    }

    /** Sets whether the profiler's own threads are shown as any other; false by default. */
    public Builder ownThreads(boolean show) {
      capture = capture.withOwnThreads(show);
      return this;
    }

    /** Sets whether samples have the label {@code thread}, numbers as N; false by default. */
    public Builder threadNames(boolean label) {
      capture = capture.withThreadNames(label);
      return this;
    }

    /**
     * Sets the directory for the flight recorder's working files (a few MB); under {@code
     * java.io.tmpdir} by default. Without effect when the flight recorder runs already.
     */
    public Builder repository(Path directory) {
      capture = capture.withRepository(Objects.requireNonNull(directory, "directory"));
      return this;
    }

    /**
     * Sets how often the live heap may be looked at, which stops the application for about 0.35 s
     * per GB; requests in between get the last one. 1 minute by default.
     */
    public Builder heapInterval(Duration interval) {
      this.heapInterval = positive("heapInterval", interval);
      return this;
    }

    /** Sets the used heap above which the live heap is not looked at; 2 GiB by default. */
    public Builder heapMaxBytes(long bytes) {
      if (bytes <= 0) {
        throw new IllegalArgumentException("heapMaxBytes must be more than 0, but is " + bytes);
      }
      this.heapMaxBytes = bytes;
      return this;
    }

    /** Sets whether the last interval is pushed when the JVM exits; true by default. */
    public Builder flushAtExit(boolean flush) {
      this.flushAtExit = flush;
      return this;
    }

    /** Sets who makes our threads, all of which should be daemons; plain threads by default. */
    public Builder threadFactory(ThreadFactory threads) {
      this.threads = Objects.requireNonNull(threads, "threads");
      return this;
    }

    /**
     * Starts; returns at once, while capture comes up within a second.
     *
     * @throws IllegalArgumentException when more than one place to push to is set, or the store's
     *     settings are wrong
     * @throws IllegalStateException when nothing on the class path can send to a store
     * @throws UncheckedIOException when the address for the endpoint cannot be had
     */
    public JvmProfiling start() {
      int places = (receiver == null ? 0 : 1) + (sink == null ? 0 : 1) + (store == null ? 0 : 1);
      if (places > 1) {
        throw new IllegalArgumentException("set one of receiver, sink and store, not several");
      }
      Profiler profiler = new Profiler(capture, profiles, threads);
      // Before all else: the flight recorder wants a cold JVM, and what a store needs warms it.
      profiler.start();
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
      PprofHandler handler =
          new PprofHandler(
              profiler, factory, new PprofIndex(profiler), maxDuration, pprofToken, commandLine);
      Delivery delivery = delivery();
      PprofServer server = null;
      if (pprofAddress != null) {
        try {
          server =
              PprofServer.start(
                  pprofAddress, handler, threads, pprofToken != null, PprofServer.HEAD_TIMEOUT);
        } catch (IOException e) {
          if (delivery != null) {
            delivery.close();
          }
          throw new UncheckedIOException(e);
        }
      }
      ProfileReceiver to = delivery == null ? receiver : delivery;
      Pusher pusher =
          to == null ? null : new Pusher(profiler, factory, to, labels, interval, threads);
      JvmProfiling profiling = new JvmProfiling(profiler, handler, server, pusher, delivery);
      if (pusher != null) {
        pusher.start();
        if (flushAtExit) {
          profiling.closeAtExit(threads);
        }
      }
      return profiling;
    }

    /**
     * Returns a source that profiles this JVM from its {@link ProfileSource#start} to its end, with
     * the settings as they are now.
     */
    public ProfileSource source() {
      return new JvmProfileSource(this);
    }

    private @Nullable Delivery delivery() {
      if (store != null) {
        return Delivery.builder(SinkProvider.load().create(store)).closeSink(true).build();
      }
      return sink == null ? null : Delivery.builder(sink).build();
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " must be more than zero, but is " + value);
      }
      return value;
    }
  }
}
