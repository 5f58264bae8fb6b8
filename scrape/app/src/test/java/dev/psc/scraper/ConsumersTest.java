package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.testkit.EmbeddedProfileStore;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application that depends on the SDK, in the ways in which applications are put together. */
@Tag("interop")
class ConsumersTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String MAIN =
      """
      package consumer;

      import dev.psc.delivery.spi.SinkSettings;
      import dev.psc.jvm.profile.JvmProfile;
      import dev.psc.jvm.JvmProfiling;
      import dev.psc.label.LabelSet;
      import java.nio.file.Path;
      import java.time.Duration;

      public final class Main {
        public static void main(String[] arguments) throws Exception {
          try (JvmProfiling profiling =
              JvmProfiling.builder()
                  .profiles(JvmProfile.GOROUTINE)
                  .interval(Duration.ofSeconds(1))
                  .labels(LabelSet.of("job", "consumer"))
                  .store(
                      SinkSettings.builder(arguments[0])
                          .tokenFile(Path.of(arguments[1]))
                          .projectId(arguments[2])
                          .caFile(Path.of(arguments[3]))
                          .build())
                  .start()) {
            System.in.read();
          }
        }
      }
      """;

  private static final String OWN =
      """
      package consumer;

      import com.google.protobuf.StringValue;
      import io.netty.bootstrap.ServerBootstrap;
      import io.netty.channel.ChannelInboundHandlerAdapter;
      import io.netty.channel.nio.NioEventLoopGroup;
      import io.netty.channel.socket.nio.NioServerSocketChannel;
      import io.netty.util.Version;

      public final class Own {
        public static void main(String[] arguments) throws Exception {
          NioEventLoopGroup loops = new NioEventLoopGroup(1);
          new ServerBootstrap()
              .group(loops)
              .channel(NioServerSocketChannel.class)
              .childHandler(new ChannelInboundHandlerAdapter())
              .bind("127.0.0.1", 0)
              .sync();
          System.out.println(
              "own Netty " + Version.identify().get("netty-common").artifactVersion());
          StringValue message = StringValue.parseFrom(StringValue.of("hi").toByteArray());
          System.out.println(
              message.getClass().getProtectionDomain().getCodeSource().getLocation());
          Main.main(arguments);
          loops.shutdownGracefully();
        }
      }
      """;

  private static final String POM =
      """
      <project>
        <modelVersion>4.0.0</modelVersion>
        <groupId>consumer</groupId>
        <artifactId>consumer</artifactId>
        <version>1</version>
        <dependencies>
          <dependency>
            <groupId>io.netty</groupId>
            <artifactId>netty-codec-http2</artifactId>
            <version>$NETTY</version>
          </dependency>
          <dependency>
            <groupId>com.google.protobuf</groupId>
            <artifactId>protobuf-java</artifactId>
            <version>$PROTOBUF</version>
          </dependency>
        </dependencies>
      </project>
      """;

  @TempDir private Path directory;
  private EmbeddedProfileStore store;

  @BeforeEach
  void start() throws IOException {
    store = EmbeddedProfileStore.builder().start();
    Files.writeString(directory.resolve("token"), store.token().reveal());
    store.writeAuthority(directory.resolve("ca.pem"));
  }

  @AfterEach
  void stop() {
    store.close();
  }

  /** Returns what an application that depends on psc-jvm and psc-store has on its path. */
  private static List<Path> dependencies() {
    Set<String> ours = Set.of("pprof", "delivery", "net", "auth", "store", "jvm");
    List<Path> needed = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      String name = String.valueOf(path.getFileName());
      boolean module =
          name.equals("classes")
              ? ours.contains(String.valueOf(path.getName(path.getNameCount() - 3)))
              : ours.stream().anyMatch(one -> name.startsWith("psc-" + one + "-0"));
      boolean library =
          name.matches(
              "(grpc-(api|context|core|netty-shaded|protobuf|protobuf-lite|stub|util)|protobuf-java"
                  + "|proto-google-common-protos|guava|failureaccess|gson|perfmark-api|slf4j-api"
                  + "|jspecify)-[0-9].*[.]jar");
      if ((module && !name.endsWith("-tests.jar")) || library) {
        needed.add(path);
      }
    }
    return needed;
  }

  private static String joined(List<Path> paths) {
    return String.join(File.pathSeparator, paths.stream().map(Path::toString).toList());
  }

  private Path compile(String pathFlag, boolean module) throws IOException {
    Path sources = Files.createDirectories(directory.resolve("src/consumer"));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                pathFlag,
                joined(dependencies()),
                "-d",
                directory.resolve("out").toString(),
                Files.writeString(sources.resolve("Main.java"), MAIN).toString()));
    if (module) {
      arguments.add(
          Files.writeString(
                  directory.resolve("src/module-info.java"),
                  "module consumer { requires dev.psc.jvm; requires dev.psc.store; }")
              .toString());
    }
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertThat(status).isZero();
    return directory.resolve("out");
  }

  private void sends(String... java) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(java));
    command.add(store.address());
    command.add(directory.resolve("token").toString());
    command.add(store.project().value());
    command.add(directory.resolve("ca.pem").toString());
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(store.profileCount()).as(Files.readString(log)).isPositive());
      assertThat(store.profiles().get(0).labels().toMap())
          .containsEntry("__name__", "goroutine")
          .containsEntry("job", "consumer");
      process.getOutputStream().close();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void onTheClassPath() throws Exception {
    List<Path> path = new ArrayList<>(dependencies());
    path.add(compile("-cp", false));
    sends("-cp", joined(path), "consumer.Main");
  }

  @Test
  void onTheModulePath() throws Exception {
    List<Path> path = new ArrayList<>(dependencies());
    path.add(compile("-p", true));
    sends("-p", joined(path), "-m", "consumer/consumer.Main");
  }

  /** As a build makes it that does not merge service files: of each only the first one is left. */
  @Test
  void asOneJarWithoutMergedServices() throws Exception {
    List<Path> parts = new ArrayList<>();
    parts.add(compile("-cp", false));
    parts.addAll(dependencies());
    Path jar = directory.resolve("app.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "consumer.Main");
    Set<String> taken = new HashSet<>(Set.of(JarFile.MANIFEST_NAME));
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest)) {
      for (Path part : parts) {
        forEach(
            part,
            (name, content) -> {
              if (taken.add(name)) {
                try {
                  out.putNextEntry(new JarEntry(name));
                  out.write(content);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              }
            });
      }
    }
    sends("-jar", jar.toString());
  }

  /**
   * Together with the application's own Netty and protobuf, which come first. What is generated by
   * protobuf 3.25 finds all it needs in these.
   */
  @ParameterizedTest
  @ValueSource(strings = {"3.25.0", "4.28.3", "4.36.2"})
  void besideLibrariesOfTheApplication(String protobuf) throws Exception {
    Files.writeString(
        directory.resolve("pom.xml"),
        POM.replace("$NETTY", "4.1.100.Final").replace("$PROTOBUF", protobuf));
    Path libraries = directory.resolve("libraries");
    Process maven =
        new ProcessBuilder(
                "mvn",
                "-q",
                "-B",
                "-f",
                directory.resolve("pom.xml").toString(),
                "dependency:copy-dependencies",
                "-DoutputDirectory=" + libraries)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("maven").toFile())
            .start();
    assertThat(maven.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(maven.exitValue()).as(Files.readString(directory.resolve("maven"))).isZero();

    List<Path> path = new ArrayList<>(List.of(directory.resolve("out")));
    try (Stream<Path> jars = Files.list(libraries)) {
      path.addAll(jars.toList());
    }
    path.addAll(
        dependencies().stream()
            .filter(one -> !one.getFileName().toString().startsWith("protobuf-java-"))
            .toList());
    Path sources = Files.createDirectories(directory.resolve("src/consumer"));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                joined(path),
                "-d",
                directory.resolve("out").toString(),
                Files.writeString(sources.resolve("Main.java"), MAIN).toString(),
                Files.writeString(sources.resolve("Own.java"), OWN).toString());
    assertThat(status).isZero();
    sends("-cp", joined(path), "consumer.Own");
    assertThat(Files.readString(directory.resolve("log")))
        .contains("own Netty 4.1.100.Final", "protobuf-java-" + protobuf + ".jar");
  }

  private static void forEach(Path part, BiConsumer<String, byte[]> entry) throws IOException {
    if (Files.isDirectory(part)) {
      Files.walkFileTree(
          part,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              entry.accept(
                  part.relativize(file).toString().replace(File.separatorChar, '/'),
                  Files.readAllBytes(file));
              return FileVisitResult.CONTINUE;
            }
          });
      return;
    }
    try (JarFile jar = new JarFile(part.toFile());
        Stream<JarEntry> entries = jar.stream()) {
      for (JarEntry one : entries.filter(e -> !e.isDirectory()).toList()) {
        entry.accept(one.getName(), jar.getInputStream(one).readAllBytes());
      }
    }
  }
}
