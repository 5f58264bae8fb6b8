package dev.psc.scrape.kubernetes;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A kube-apiserver with an etcd, built from Go modules once and kept outside the tree. A test that
 * uses it is skipped where Go is missing or the build fails or takes too long.
 */
final class RealApiServer implements AutoCloseable {

  private static final String KUBERNETES = "v1.34.2";
  private static final String STAGING = "v0.34.2";
  private static final String ETCD = "v3.6.5";
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(90);
  private static final Duration START_LIMIT = Duration.ofMinutes(4);

  /** For the builds of all tests together: what one test could not build the next does not try. */
  private static final Duration BUILD_LIMIT = Duration.ofMinutes(25);

  private static long builtNanos;

  private static final List<String> STAGED =
      List.of(
          "api",
          "apiextensions-apiserver",
          "apimachinery",
          "apiserver",
          "cli-runtime",
          "client-go",
          "cloud-provider",
          "cluster-bootstrap",
          "code-generator",
          "component-base",
          "component-helpers",
          "controller-manager",
          "cri-api",
          "cri-client",
          "csi-translation-lib",
          "dynamic-resource-allocation",
          "endpointslice",
          "externaljwt",
          "kms",
          "kube-aggregator",
          "kube-controller-manager",
          "kube-proxy",
          "kube-scheduler",
          "kubectl",
          "kubelet",
          "metrics",
          "mount-utils",
          "pod-security-admission",
          "sample-apiserver");

  private final Path directory;
  private final Path cache;
  private final int port = freePort();
  private final int etcdPort = freePort();
  private final int peerPort = freePort();
  private final HttpClient http;
  private @Nullable Process etcd;
  private @Nullable Process server;

  private RealApiServer(Path directory) throws IOException, GeneralSecurityException {
    this.directory = directory;
    this.cache = Path.of(System.getProperty("user.home"), ".cache", "psc-java");
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, new TrustManager[] {new AnyServer()}, new SecureRandom());
    this.http =
        HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build();
  }

  /** Starts a server with the tokens {@code admin} (all rights) and {@code limited} (none). */
  static RealApiServer start(Path directory) throws Exception {
    RealApiServer started = new RealApiServer(directory);
    Path apiserver = started.binary("kube-apiserver", KUBERNETES);
    Path etcd = started.binary("etcd", ETCD);
    started.tokens("admin", "limited");
    run(directory, Duration.ofMinutes(1), "openssl", "genrsa", "-out", "sa.key", "2048");
    started.etcd =
        started.process(
            etcd,
            "--data-dir=" + directory.resolve("etcd"),
            "--listen-client-urls=http://127.0.0.1:" + started.etcdPort,
            "--advertise-client-urls=http://127.0.0.1:" + started.etcdPort,
            "--listen-peer-urls=http://127.0.0.1:" + started.peerPort,
            "--log-level=error");
    try {
      started.serve(apiserver);
      return started;
    } catch (Exception e) {
      started.close();
      throw e;
    }
  }

  private void serve(Path apiserver) throws Exception {
    server =
        process(
            apiserver,
            "--etcd-servers=http://127.0.0.1:" + etcdPort,
            "--secure-port=" + port,
            "--bind-address=127.0.0.1",
            "--cert-dir=" + directory.resolve("certs"),
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=" + directory.resolve("sa.key"),
            "--service-account-signing-key-file=" + directory.resolve("sa.key"),
            "--token-auth-file=" + directory.resolve("tokens.csv"),
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--etcd-compaction-interval=0",
            "--watch-cache=false",
            "--delete-collection-workers=4",
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition");
    try {
      await()
          .atMost(START_LIMIT)
          .pollInterval(Duration.ofMillis(250))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> call("GET", "/readyz", "").statusCode() == 200);
    } catch (ConditionTimeoutException e) {
      throw new IOException("not ready: " + Files.readString(directory.resolve("log")), e);
    }
  }

  void tokens(String admin, String limited) throws IOException {
    adminToken = admin;
    Files.writeString(
        directory.resolve("tokens.csv"),
        admin + ",admin,1,\"system:masters\"\n" + limited + ",limited,2,\"\"\n");
  }

  private String adminToken = "";

  URI uri() {
    return URI.create("https://127.0.0.1:" + port);
  }

  /** Kills the server as a crash does. */
  void kill() throws InterruptedException {
    Process running = server;
    if (running != null) {
      running.destroyForcibly().waitFor();
    }
  }

  void restart() throws Exception {
    serve(binary("kube-apiserver", KUBERNETES));
  }

  /** Makes all versions before the present one expire. */
  void compact() throws IOException, InterruptedException {
    String status = etcd("/v3/maintenance/status", "{}");
    String revision = status.replaceAll("(?s).*?\"revision\":\"(\\d+)\".*", "$1");
    etcd("/v3/kv/compaction", "{\"revision\":\"" + revision + "\",\"physical\":true}");
  }

  /** Deletes an object behind the back of the server, e.g. while it is down. */
  void deleteFromEtcd(String key) throws IOException, InterruptedException {
    byte[] bytes = ("/registry/" + key).getBytes(StandardCharsets.UTF_8);
    String answer =
        etcd(
            "/v3/kv/deleterange",
            "{\"key\":\"" + Base64.getEncoder().encodeToString(bytes) + "\"}");
    if (!answer.contains("\"deleted\":\"1\"")) {
      throw new IOException(key + " was not deleted: " + answer);
    }
  }

  private String etcd(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + etcdPort + path))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(path + ": " + answer.body());
    }
    return answer.body();
  }

  private HttpResponse<String> call(String method, String path, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(uri() + path))
            .timeout(REQUEST_LIMIT)
            .header("Authorization", "Bearer " + adminToken)
            .header(
                "Content-Type",
                method.equals("PATCH") ? "application/merge-patch+json" : "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Sends a request as administrator, which must succeed. */
  void send(String method, String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer = call(method, path, body);
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(method + " " + path + ": " + answer.body());
    }
  }

  /** Deletes all objects of a kind, however many requests that takes. */
  void deleteAll(String path) {
    await()
        .atMost(Duration.ofMinutes(5))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () -> {
              int status = call("DELETE", path + "?gracePeriodSeconds=0", "").statusCode();
              String left = call("GET", path + "?limit=1", "").body();
              return status == 200 && left.contains("\"items\":[]");
            });
  }

  private Process process(Path program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()))
        .start();
  }

  private Path binary(String name, String version) throws Exception {
    Path built = cache.resolve(name + "-" + version);
    if (Files.isExecutable(built)) {
      return built;
    }
    Path module = Files.createDirectories(directory.resolve("build-" + name));
    Path fresh = module.resolve(name);
    boolean kubernetes = name.equals("kube-apiserver");
    StringBuilder text = new StringBuilder("module interop/build\n\ngo 1.24.0\n\nrequire ");
    if (kubernetes) {
      text.append("k8s.io/kubernetes ").append(version).append("\n\nreplace (\n");
      STAGED.forEach(
          each ->
              text.append("k8s.io/")
                  .append(each)
                  .append(" => k8s.io/")
                  .append(each)
                  .append(' ')
                  .append(STAGING)
                  .append('\n'));
      text.append(")\n");
    } else {
      text.append("go.etcd.io/etcd/server/v3 ").append(version).append('\n');
    }
    Files.writeString(module.resolve("go.mod"), text);
    String main = kubernetes ? "k8s.io/kubernetes/cmd/kube-apiserver" : "go.etcd.io/etcd/server/v3";
    Duration left = BUILD_LIMIT.minusNanos(builtNanos);
    if (left.isNegative()) {
      return abort("kube-apiserver is not tested: it was not built within " + BUILD_LIMIT);
    }
    long began = System.nanoTime();
    String log;
    try {
      log = run(module, left, "go", "build", "-mod=mod", "-o", fresh.toString(), main);
    } catch (IOException e) {
      return abort("kube-apiserver is not tested: Go is missing (" + e.getMessage() + ")");
    } finally {
      builtNanos += System.nanoTime() - began;
    }
    if (!Files.isExecutable(fresh)) {
      return abort("kube-apiserver is not tested: building " + name + " failed: " + log);
    }
    Files.createDirectories(cache);
    Path next = Files.copy(fresh, cache.resolve(name + "-" + ProcessHandle.current().pid()));
    return Files.move(next, built, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String run(Path directory, Duration limit, String... command)
      throws IOException, InterruptedException {
    Path log = directory.resolve(command[0] + ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      return "longer than " + limit.toSeconds() + " s";
    }
    return Files.readString(log);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    for (Process running : new Process[] {server, etcd}) {
      if (running != null) {
        running.destroyForcibly().onExit().join();
      }
    }
  }

  /** The test's own requests go to a server that this test started. */
  private static final class AnyServer extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
