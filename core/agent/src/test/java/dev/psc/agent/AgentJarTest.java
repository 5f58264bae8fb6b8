package dev.psc.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import java.io.BufferedInputStream;
import java.io.File;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The finished agent in front of applications. */
@Timeout(180)
class AgentJarTest {

  private static final String SHOPPER = Shopper.class.getName();

  @TempDir private Path directory;

  @Test
  void carriesNothingUnderANameThatIsNotItsOwn() throws Exception {
    try (JarFile jar = new JarFile(ChildApp.agentJar().toFile())) {
      List<String> strange =
          jar.stream()
              .filter(entry -> !entry.isDirectory())
              .map(entry -> entry.getName().replaceFirst("^META-INF/versions/\\d+/", ""))
              .filter(name -> !name.startsWith("dev/psc/agent/"))
              .filter(name -> !name.startsWith("META-INF/services/dev.psc.agent."))
              .filter(name -> !name.matches("META-INF/(MANIFEST.MF|(license/)?(LICENSE|NOTICE).*)"))
              .toList();
      assertThat(strange).isEmpty();
      assertThat(jar.stream())
          .as("native code")
          .noneMatch(entry -> entry.getName().matches(".*\\.(so|dll|jnilib|dylib)"));
    }
  }

  @Test
  void whatItsLibrariesLogByHasEveryMethodThatTheyCall() throws Exception {
    Set<String> called = new TreeSet<>();
    try (JarFile jar = new JarFile(ChildApp.agentJar().toFile())) {
      for (JarEntry entry : jar.stream().filter(e -> e.getName().endsWith(".class")).toList()) {
        if (!entry.getName().equals("dev/psc/agent/QuietLogger.class")) {
          try (InputStream in = new BufferedInputStream(jar.getInputStream(entry))) {
            called.addAll(CalledMethods.of(in, "dev/psc/agent/QuietLogger"));
          }
        }
      }
    }
    List<String> there =
        Arrays.stream(QuietLogger.class.getMethods())
            .map(
                method ->
                    method.getName()
                        + MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                            .descriptorString())
            .toList();
    assertThat(there).containsAll(called);
    assertThat(called).contains("getLogger(Ljava/lang/String;)Ldev/psc/agent/QuietLogger;");
  }

  @Test
  void servesProfilesOfAnApplicationThatKnowsNothingOfIt() throws Exception {
    try (ChildApp app =
        ChildApp.start(ChildApp.agent("pprof-address=127.0.0.1:0"), testClasses(), SHOPPER)) {
      URI profiles = app.awaitEndpoint();
      assertThat(get(profiles, "profile?seconds=2&debug=1")).contains(SHOPPER + ".price");
      assertThat(get(profiles, "goroutine?debug=2")).contains("\"prices\"");
      assertThat(app.printed()).contains("APP RAN").doesNotContain("WARN", "Exception");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense=1",
        "pprof-address",
        "pprof-address=256.0.0.1:99999",
        "strict=true,store-address=127.0.0.1:1,bearer-token-file=/no/such/file",
        "",
      })
  void aWrongOptionStopsNothing(String options) throws Exception {
    try (ChildApp app = ChildApp.start(ChildApp.agent(options), testClasses(), SHOPPER)) {
      app.await("psc-jvm-agent: not started: ");
      app.await("APP RAN");
      assertThat(app.printed()).doesNotContain("\tat ");
    }
  }

  @Test
  void anEngineThatIsMissingIsReportedUnlessTheLogIsQuiet() throws Exception {
    String options = "pprof-address=127.0.0.1:0,idle-timeout=0s,engine=async-profiler";
    try (ChildApp app = ChildApp.start(ChildApp.agent(options), testClasses(), SHOPPER)) {
      app.await("the JDK's flight recorder is used instead: one.profiler.AsyncProfiler is not on");
    }
    String quiet = options + ",log-level=error";
    try (ChildApp app = ChildApp.start(ChildApp.agent(quiet), testClasses(), SHOPPER)) {
      URI profiles = app.awaitEndpoint();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> get(profiles, "").contains("engine: jfr, because async-profiler cannot"));
      assertThat(app.printed()).doesNotContain("WARN");
    }
  }

  @Test
  void aMissingTokenFileIsRetriedUntilItAppears() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path token = directory.resolve("late-token");
      String options =
          String.join(
              ",",
              "store-address=" + store.address(),
              "bearer-token-file=" + token,
              "project-id=" + store.project(),
              "ca-file=" + store.writeAuthority(directory.resolve("ca.pem")),
              "interval=1s");
      try (ChildApp app = ChildApp.start(ChildApp.agent(options), testClasses(), SHOPPER)) {
        app.await("psc-jvm-agent: pushes profiles to " + store.address());
        app.await("project " + store.project() + ", every 1 s, retries: tokenFile: ");
        Files.writeString(token, store.token().reveal());
        await().atMost(Duration.ofMinutes(2)).until(() -> store.profileCount() > 0);
        assertThat(store.refusedCount()).isZero();
      }
    }
  }

  @Test
  void anApplicationThatEndsAtOnceEnds() throws Exception {
    try (ChildApp app =
        ChildApp.start(
            ChildApp.agent("pprof-address=127.0.0.1:0"), testClasses(), SHOPPER, "once")) {
      assertThat(app.exitStatus()).isZero();
      assertThat(app.printed()).contains("APP RAN");
    }
  }

  @Test
  void isLoadedIntoARunningJvmAndStopped() throws Exception {
    try (ChildApp app = ChildApp.start(List.of(), testClasses(), SHOPPER)) {
      app.await("APP RAN");
      assertThat(ChildApp.attach(app.pid(), 0, "pprof-address=127.0.0.1:0"))
          .contains("psc-jvm-agent in " + app.pid() + ": serves profiles at http://");
      URI profiles = app.awaitEndpoint();
      assertThat(get(profiles, "goroutine?debug=1")).contains("calculatePrices");
      assertThat(ChildApp.attach(app.pid(), 1, "pprof-address=127.0.0.1:0"))
          .contains("already running");
      assertThat(ChildApp.attach(app.pid(), 0, "stop")).contains("stopped");
      assertThat(ChildApp.attach(app.pid(), 1, "stop")).contains("not running");
      assertThat(ChildApp.attach(app.pid(), 1, "nonsense=1"))
          .contains("not started: unknown setting");
    }
  }

  @Test
  void pushesBesideClassesOfTheSameNames() throws Exception {
    Path classes = directory.resolve("classes");
    String[] names = {
      "io.grpc.ManagedChannel",
      "com.google.protobuf.Message",
      "org.slf4j.LoggerFactory",
      "dev.psc.jvm.JvmProfiling"
    };
    for (String name : names) {
      compile(classes, name);
    }
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path token = Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
      Path authority = store.writeAuthority(directory.resolve("ca.pem"));
      String options =
          String.join(
              ",",
              "store-address=" + store.address(),
              "bearer-token-file=" + token,
              "project-id=" + store.project(),
              "ca-file=" + authority,
              "labels=job=shopper;zone=a",
              "interval=1s");
      try (ChildApp app =
          ChildApp.start(
              ChildApp.agent(options),
              testClasses() + File.pathSeparator + classes,
              SHOPPER,
              "names",
              names[0],
              names[1],
              names[2],
              names[3])) {
        for (String name : names) {
          app.await(name + " the application's classes");
        }
        awaitProfile(
            store,
            profile ->
                profile.labels().get("job").equals("shopper")
                    && profile.labels().get("zone").equals("a"));
        assertThat(store.refusedCount()).isZero();
        assertThat(app.printed()).doesNotContain("Exception");
      }
    }
  }

  private static void awaitProfile(EmbeddedProfileStore store, Predicate<StoredProfile> wanted) {
    await().atMost(Duration.ofSeconds(90)).until(() -> store.profiles().stream().anyMatch(wanted));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http/protobuf", "grpc"})
  void exportsOverOtlpAsTheStandardVariablesSay(String protocol) throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().otlpHttpPort(0).start()) {
      Map<String, String> variables =
          Map.of(
              "OTEL_SERVICE_NAME",
              "shopper",
              "OTEL_EXPORTER_OTLP_PROTOCOL",
              protocol,
              "OTEL_EXPORTER_OTLP_CERTIFICATE",
              store.writeAuthority(directory.resolve("ca.pem")).toString(),
              "OTEL_EXPORTER_OTLP_HEADERS",
              "authorization=Bearer%20" + store.token().reveal() + ",projectid=" + store.project());
      String endpoint =
          protocol.equals("grpc") ? "https://" + store.address() : store.otlpHttpEndpoint();
      try (ChildApp app =
          ChildApp.start(
              variables,
              ChildApp.agent("otlp-endpoint=" + endpoint + ",interval=1s"),
              testClasses(),
              SHOPPER)) {
        app.await("psc-jvm-agent: pushes profiles to " + endpoint);
        awaitProfile(
            store,
            profile ->
                profile.name().equals("process_cpu")
                    && profile.labels().get("service_name").equals("shopper"));
        assertThat(store.merged(store.project(), "process_cpu").orElseThrow().total(1))
            .as("nanoseconds of CPU time")
            .isPositive();
        assertThat(store.refusedCount()).isZero();
        assertThat(app.printed()).doesNotContain("Exception", store.token().reveal());
      }
    }
  }

  private void compile(Path classes, String name) throws Exception {
    Files.createDirectories(classes);
    int dot = name.lastIndexOf('.');
    Path source = directory.resolve(name.substring(dot + 1) + ".java");
    Files.writeString(
        source,
        "package "
            + name.substring(0, dot)
            + "; public class "
            + name.substring(dot + 1)
            + " { public static String whoAreYou() { return \"the application's\"; } }");
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-d", classes.toString(), source.toString()))
        .isZero();
  }

  @Test
  void theLibraryInTheSameApplicationStandsBack() throws Exception {
    try (ChildApp app =
        ChildApp.start(
            ChildApp.agent("pprof-address=127.0.0.1:0,idle-timeout=0s"),
            classPathOfTheLibrary(),
            LibraryUser.class.getName())) {
      URI profiles = app.awaitEndpoint();
      app.await("LIBRARY another copy of psc-jvm, in another class loader");
      assertThat(get(profiles, "goroutine?debug=1")).contains("LibraryUser.main");
      assertThat(get(profiles, "allocs?debug=1")).contains("allocs profile");
    }
  }

  @Test
  void labelsOfTheLibraryReachTheAgentsProfiles() throws Exception {
    try (ChildApp app =
        ChildApp.start(
            ChildApp.agent("pprof-address=127.0.0.1:0"),
            classPathOfTheLibrary(),
            LibraryUser.class.getName(),
            "/checkout")) {
      URI profiles = app.awaitEndpoint();
      app.await("IDLE true");
      app.await("LABELS {route=\"/checkout\"}");
      assertThat(get(profiles, "profile?seconds=2&debug=1"))
          .contains("LibraryUser.checkOut", "/checkout");
    }
  }

  /** Without this module's classes: the agent's own are those of its jar. */
  private static String classPathOfTheLibrary() {
    Path own =
        Path.of(PscAgent.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> !Path.of(entry).equals(own))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String testClasses() {
    return Path.of(AgentJarTest.class.getProtectionDomain().getCodeSource().getLocation().getPath())
        .toString();
  }

  private static String get(URI profiles, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(profiles.resolve(path)).timeout(Duration.ofSeconds(60)).build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }
}
