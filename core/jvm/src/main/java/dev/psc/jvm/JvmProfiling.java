package dev.psc.jvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Profiles the JVM that it runs in: serves what it finds at {@code /debug/pprof/} as a Go program
 * does.
 *
 * <pre>{@code
 * try (JvmProfiling profiling =
 *     JvmProfiling.builder().pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 6060)).start()) {
 *   runTheApplication();
 * }
 * }</pre>
 *
 * <p>Start it as the first thing in {@code main}: on JDK 17 to 22 a late start of the JDK's flight
 * recorder costs a warm JVM its compiled code. Where the flight recorder is missing or cannot work,
 * everything else goes on and the index page says why. Thread-safe; who starts it closes it.
 */
public final class JvmProfiling implements AutoCloseable {

  private final Profiler profiler;
  private final PprofHandler handler;
  private final @Nullable PprofServer server;
  private boolean closed;

  private JvmProfiling(Profiler profiler, PprofHandler handler, @Nullable PprofServer server) {
    this.profiler = profiler;
    this.handler = handler;
    this.server = server;
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns what answers requests for profiles, to be mounted in a server of the application. */
  public PprofHandler handler() {
    return handler;
  }

  /** Returns where profiles are served, with the port that was chosen, if they are. */
  public Optional<InetSocketAddress> pprofAddress() {
    return Optional.ofNullable(server).map(PprofServer::address);
  }

  /** Ends the endpoint and the capture, within two seconds; idempotent. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    if (server != null) {
      server.close();
    }
    profiler.close();
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {

    private static final Set<JvmProfile> DEFAULT_PROFILES =
        EnumSet.complementOf(EnumSet.of(JvmProfile.EXCEPTIONS));

    private Set<JvmProfile> profiles = DEFAULT_PROFILES;
    private @Nullable InetSocketAddress pprofAddress;
    private @Nullable String pprofToken;
    private Duration maxDuration = Duration.ofMinutes(5);
    private boolean commandLine;
    private ThreadFactory threads = OwnThreads.daemons();

    private Builder() {}

    /** Sets which profiles can be had; all but {@link JvmProfile#EXCEPTIONS} by default. */
    public Builder profiles(JvmProfile... profiles) {
      this.profiles = Set.copyOf(Arrays.asList(profiles));
      return this;
    }

    /** Sets where to serve profiles; nowhere by default. Port 0 is any free one. */
    public Builder pprofAddress(InetSocketAddress address) {
      this.pprofAddress = Objects.requireNonNull(address, "address");
      return this;
    }

    /** Sets the bearer token that requests for profiles must carry; none by default. */
    public Builder pprofToken(String token) {
      this.pprofToken = Objects.requireNonNull(token, "token");
      return this;
    }

    /**
     * Starts.
     *
     * @throws UncheckedIOException when the address cannot be had
     */
    public JvmProfiling start() {
      Profiler profiler = new Profiler(CaptureSettings.DEFAULT, profiles, threads);
      PprofHandler handler =
          new PprofHandler(
              profiler,
              new ProfileFactory(profiler),
              new PprofIndex(profiler),
              maxDuration,
              pprofToken,
              commandLine);
      PprofServer server = null;
      if (pprofAddress != null) {
        try {
          server = PprofServer.start(pprofAddress, handler, threads);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      profiler.start();
      return new JvmProfiling(profiler, handler, server);
    }
  }
}
