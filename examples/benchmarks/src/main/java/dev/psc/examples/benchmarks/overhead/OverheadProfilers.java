package dev.psc.examples.benchmarks.overhead;

import com.sun.net.httpserver.HttpServer;
import dev.psc.examples.benchmarks.Jdks;
import dev.psc.testkit.EmbeddedProfileStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** The profilers that are compared, and the receivers that they push to. Closed by its caller. */
final class OverheadProfilers implements AutoCloseable {

  static final String NONE = "none";
  static final String RECORDER = "recorder";
  private static final String LIBRARY = "pushed-library";
  private static final String ARCHIVE = "pushed-library-archive";
  private static final int ARCHIVE_SECONDS = 8;

  private final Path directory;
  private final Path agent;
  private final String options;
  private final EmbeddedProfileStore store;
  private final HttpServer receiver;
  private final AtomicLong received = new AtomicLong();

  /**
   * Starts the receivers.
   *
   * @param directory for the token and recordings
   * @param options further options of the agent, each after a comma
   */
  OverheadProfilers(Path directory, Path agent, String options) throws IOException {
    this.directory = directory;
    this.agent = agent;
    this.options = options;
    this.store = EmbeddedProfileStore.builder().plaintext().start();
    this.receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          try (InputStream body = exchange.getRequestBody()) {
            body.readAllBytes();
          }
          received.incrementAndGet();
          exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    receiver.start();
    Files.writeString(directory.resolve("token"), store.token().reveal());
  }

  /** Returns the number of requests over OTLP/HTTP. */
  long otlpRequests() {
    return received.get();
  }

  /** Returns the number of profiles in the store. */
  long storedProfiles() {
    return store.profiles().size();
  }

  /** Returns the last argument of {@link OverheadChild} for a profiler that it starts itself. */
  static List<String> childArguments(String profiler) {
    return switch (profiler) {
      case RECORDER -> List.of("recorder");
      case LIBRARY, ARCHIVE -> List.of("library");
      default -> List.of();
    };
  }

  /**
   * Returns the arguments of the JVM by the name of the profiler, in the order of the table.
   *
   * @param wanted whether a profiler of this name will run
   */
  Map<String, List<String>> arguments(Path jdk, Predicate<String> wanted) throws IOException {
    Map<String, List<String>> profilers = new LinkedHashMap<>();
    profilers.put(NONE, List.of());
    profilers.put(RECORDER, List.of());
    profilers.put("served", List.of(agent("pprof-address=127.0.0.1:0")));
    String pushed =
        "store-address="
            + store.address()
            + ",insecure=true,bearer-token-file="
            + directory.resolve("token")
            + ",project-id="
            + store.project().value();
    profilers.put("pushed", List.of(agent(pushed)));
    profilers.put(
        "pushed-otlp-http",
        List.of(agent("otlp-endpoint=http://127.0.0.1:" + receiver.getAddress().getPort())));
    profilers.put("pushed-async-profiler", List.of(agent(pushed + ",engine=async-profiler")));
    List<String> library = library();
    profilers.put(LIBRARY, library);
    if (wanted.test(ARCHIVE)) {
      profilers.put(ARCHIVE, archived(jdk, library));
    }
    addAsyncProfiler(jdk, profilers);
    profilers.keySet().removeIf(wanted.negate());
    return profilers;
  }

  private void addAsyncProfiler(Path jdk, Map<String, List<String>> profilers) throws IOException {
    Path library = directory.resolve("libasyncProfiler.so");
    try (InputStream in =
        OverheadProfilers.class.getResourceAsStream("/linux-x64/libasyncProfiler.so")) {
      if (in == null) {
        return; // not on this platform
      }
      if (!Files.exists(library)) {
        Files.copy(in, library);
      }
    }
    profilers.put(
        "async-profiler",
        List.of(
            "-agentpath:"
                + library
                + "=start,event=ctimer,interval=10ms,alloc=512k,lock=1ms,jfr,file="
                + directory.resolve("profile.jfr")
                + (Jdks.feature(jdk) >= 25 ? ",signal=36" : "")));
  }

  private List<String> library() {
    return List.of(
        "-Dpsc.store.address=" + store.address(),
        "-Dpsc.insecure=true",
        "-Dpsc.bearer.token.file=" + directory.resolve("token"),
        "-Dpsc.project.id=" + store.project().value());
  }

  /** Returns the arguments with an archive of the classes, which a first run writes. */
  private List<String> archived(Path jdk, List<String> library) throws IOException {
    Path archive = directory.resolve("classes-" + Jdks.feature(jdk) + ".jsa");
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.add("-XX:+UseG1GC");
    command.add("-XX:ArchiveClassesAtExit=" + archive);
    command.addAll(library);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(
            OverheadChild.class.getName(), "idle", Integer.toString(ARCHIVE_SECONDS), "library"));
    Process first =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("archive.log").toFile())
            .start();
    try {
      first.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      first.destroyForcibly();
    }
    List<String> arguments = new ArrayList<>(library);
    arguments.add("-XX:SharedArchiveFile=" + archive);
    return arguments;
  }

  private String agent(String settings) {
    return "-javaagent:" + agent + "=" + settings + options;
  }

  @Override
  public void close() {
    receiver.stop(0);
    store.close();
  }
}
