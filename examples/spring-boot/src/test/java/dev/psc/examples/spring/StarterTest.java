package dev.psc.examples.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.examples.served.ServedApplication;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The application with the starter and four properties, in a separate JVM. */
@Tag("interop")
@Timeout(300)
class StarterTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Pattern TOMCAT = Pattern.compile("Tomcat started on port (\\d+)");
  private static final String ROUTE = "/orders/{id}";
  private static final Pattern AGENT = Pattern.compile("psc-jvm-agent|core/agent/");
  private static final Pattern TRANSPORT =
      Pattern.compile(
          AGENT
              + "|psc-(store|auth|net|otlp|testkit)|core/(store|net|otlp|testkit)/"
              + "|/auth/|grpc|protobuf|proto-google|guava|perfmark|bouncycastle|opentelemetry");

  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicBoolean enough = new AtomicBoolean();
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"17", "25"})
  void pushesWithRoutesAndServesProfiles(String jdk) throws Exception {
    Optional<Path> home = jdkHome(jdk);
    assumeTrue(home.isPresent(), "JDK " + jdk + " is not installed next to the running one");
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path token = Files.writeString(directory.resolve("token"), store.token().reveal());
      assertThat(token.toFile().setReadable(false, false) && token.toFile().setReadable(true))
          .isTrue();
      Path authority = store.writeAuthority(directory.resolve("ca.pem"));
      Path output = directory.resolve("output.txt");
      ProcessBuilder builder =
          application(
              home.get(),
              classPath(AGENT),
              ShopApplication.class,
              "--psc.store.address=" + store.address(),
              "--psc.store.token-file=" + token,
              "--psc.store.project-id=" + store.project(),
              "--psc.interval=1s");
      builder.environment().put("PSC_CA_FILE", authority.toString());
      builder.environment().put("HOSTNAME", "pod-1");
      Process shop = builder.redirectOutput(output.toFile()).start();
      try {
        URI root = URI.create("http://127.0.0.1:" + awaited(shop, output) + "/");
        CompletableFuture<Void> buying =
            CompletableFuture.runAsync(() -> buy(root), task -> new Thread(task, "load").start());
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(store.profiles())
                        .as(Files.readString(output))
                        .anyMatch(profile -> isOfTheRoute(profile)));
        assertThat(store.profiles().get(0).labels().toMap())
            .containsEntry("service_name", "shop")
            .containsEntry("instance", "pod-1");

        byte[] served = get(root.resolve("actuator/pprof/profile?seconds=2"));
        assertThat(routes(served)).contains(ROUTE);
        assertThat(new String(get(root.resolve("actuator/pprof")), UTF_8)).contains("goroutine");
        assertThat(new String(get(root.resolve("actuator/pprof/goroutine?debug=1")), UTF_8))
            .contains("org.apache.tomcat")
            .doesNotContain("ProfilesEndpoint", "psc-delivery", "psc-token-file", "psc-store");
        assertThat(new String(get(root.resolve("actuator/health/psc")), UTF_8))
            .contains("\"UP\"", "SENDING");
        assertThat(new String(get(root.resolve("actuator/health")), UTF_8)).contains("\"UP\"");

        enough.set(true);
        buying.get(60, TimeUnit.SECONDS);
        shop.destroy();
        assertThat(shop.waitFor(60, TimeUnit.SECONDS)).as("it ends when it is told to").isTrue();
        String printed = Files.readString(output);
        assertThat(printed).contains("Profiling is started").doesNotContain(" ERROR ");
        assertThat(printed.substring(printed.indexOf("Commencing graceful shutdown")))
            .doesNotContain(" WARN ", "Exception");
        assertThat(store.refusedCount()).isZero();
      } finally {
        enough.set(true);
        shop.destroyForcibly();
      }
    }
  }

  /** As with the exclusion of psc-store that the starter's README has. */
  @Test
  void servesProfilesWithoutTheTransport() throws Exception {
    List<String> classPath = classPath(TRANSPORT);
    List<URL> urls = new ArrayList<>();
    for (String entry : classPath) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), null)) {
      for (String name : List.of("io.grpc.Channel", "com.google.protobuf.Message")) {
        assertThatThrownBy(() -> loader.loadClass(name)).isInstanceOf(ClassNotFoundException.class);
      }
    }
    Path output = directory.resolve("output.txt");
    Process served =
        application(
                Path.of(System.getProperty("java.home")),
                classPath,
                ServedApplication.class,
                "--management.endpoints.web.exposure.include=health,pprof",
                "--management.endpoint.health.show-details=always")
            .redirectOutput(output.toFile())
            .start();
    try {
      URI root = URI.create("http://127.0.0.1:" + awaited(served, output) + "/");
      CompletableFuture<Void> buying =
          CompletableFuture.runAsync(() -> buy(root), task -> new Thread(task, "load").start());
      assertThat(routes(get(root.resolve("actuator/pprof/profile?seconds=2")))).contains(ROUTE);
      assertThat(new String(get(root.resolve("actuator/health/psc")), UTF_8))
          .contains("\"UP\"")
          .doesNotContain("delivery");
      enough.set(true);
      buying.get(60, TimeUnit.SECONDS);
      assertThat(Files.readString(output)).contains("Profiling is started");
      assertThat(Files.readString(output)).doesNotContain(" WARN ", " ERROR ", "NoClassDefFound");
    } finally {
      enough.set(true);
      served.destroyForcibly();
    }
  }

  private static ProcessBuilder application(
      Path home, List<String> classPath, Class<?> main, String... properties) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/java").toString());
    command.add("-Xmx256m");
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath));
    command.add(main.getName());
    command.add("--server.port=0");
    command.add("--server.address=127.0.0.1");
    command.addAll(List.of(properties));
    return new ProcessBuilder(command).redirectErrorStream(true);
  }

  private static boolean isOfTheRoute(StoredProfile profile) {
    return profile.labels().get("__name__").equals("process_cpu")
        && routes(profile.pprof()).contains(ROUTE);
  }

  private static List<String> routes(byte[] pprof) {
    Profile profile;
    try {
      profile = Profile.parse(pprof);
    } catch (PprofException e) {
      throw new AssertionError(e);
    }
    return profile.samples().stream()
        .flatMap(sample -> sample.labels().stream())
        .filter(label -> label.key().equals("http_route"))
        .map(label -> label.text())
        .distinct()
        .toList();
  }

  private void buy(URI root) {
    for (int i = 0; !enough.get(); i++) {
      get(root.resolve("orders/" + i));
    }
  }

  /** Returns the class path of the tests without some entries. */
  private static List<String> classPath(Pattern without) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> !without.matcher(entry).find())
        .toList();
  }

  private static Optional<Path> jdkHome(String version) throws IOException {
    List<Path> candidates = new ArrayList<>();
    Path running = Path.of(System.getProperty("java.home"));
    candidates.add(running);
    try (Stream<Path> siblings = Files.list(running.toRealPath().getParent())) {
      siblings.sorted().forEach(candidates::add);
    }
    for (Path candidate : candidates) {
      Path release = candidate.resolve("release");
      if (Files.exists(release)
          && Files.readString(release).contains("JAVA_VERSION=\"" + version + ".")) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static String awaited(Process shop, Path output) throws Exception {
    await()
        .atMost(PATIENCE)
        .until(() -> !shop.isAlive() || TOMCAT.matcher(Files.readString(output)).find());
    Matcher matcher = TOMCAT.matcher(Files.readString(output));
    assertThat(matcher.find()).as(Files.readString(output)).isTrue();
    return matcher.group(1);
  }

  private byte[] get(URI address) {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofMinutes(1)).build();
    HttpResponse<byte[]> response;
    try {
      response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(address.toString(), e);
    }
    assertThat(response.statusCode()).as(new String(response.body(), UTF_8)).isEqualTo(200);
    return response.body();
  }
}
