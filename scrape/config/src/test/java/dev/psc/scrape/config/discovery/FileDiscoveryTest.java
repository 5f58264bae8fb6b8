package dev.psc.scrape.config.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileDiscoveryTest {

  private static final FileWatch.Pauses PAUSES =
      new FileWatch.Pauses(Duration.ofMillis(60), Duration.ofMillis(40));

  private DiscoveryFixture fixture;

  @TempDir Path directory;

  @BeforeEach
  void start() {
    fixture = new DiscoveryFixture();
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private RecordingSink discover(Path... files) {
    return discover(FileWatch::watchService, files);
  }

  private RecordingSink discover(FileWatch.WatchServiceFactory watcher, Path... files) {
    FileDiscovery settings = new FileDiscovery(List.of(files), Duration.ofHours(1));
    return fixture.start(new FileWatch(settings, fixture.context(), PAUSES, watcher));
  }

  /** Replaces a file as it should be done. */
  private void replace(Path file, String content) throws IOException {
    Path fresh = Files.writeString(directory.resolve("fresh.tmp"), content);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String json(String... addresses) {
    return "[{\"targets\": [\"" + String.join("\", \"", addresses) + "\"]}]";
  }

  @Test
  void readsJsonAndYamlWithLabels() throws IOException {
    Path json = directory.resolve("a.json");
    Files.writeString(json, "[\t{\"targets\": [\"a:1\"], \"labels\": {\"team\": \"x\\u00e9\"}}\n]");
    Path yaml = directory.resolve("b.yml");
    Files.writeString(yaml, "- targets: [b:2, 'c:3']\n  labels:\n    team: y\n- targets: []\n");
    RecordingSink sink = discover(json, yaml);
    sink.awaitAddresses("a:1", "b:2", "c:3");
    assertThat(sink.targets())
        .extracting(t -> t.valueOf("team"), t -> t.valueOf("__meta_filepath"))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("xé", json.toString()),
            org.assertj.core.groups.Tuple.tuple("y", yaml.toString()),
            org.assertj.core.groups.Tuple.tuple("y", yaml.toString()));
    assertThat(sink.sources()).containsExactly(json + ":0", yaml + ":0");
  }

  @Test
  void filesOfAPatternComeAndGo() throws IOException {
    Files.writeString(directory.resolve("a1.json"), json("a:1"));
    Files.writeString(directory.resolve("other.json"), json("x:9"));
    RecordingSink sink = discover(directory.resolve("a*.json"));
    sink.awaitAddresses("a:1");
    replace(directory.resolve("a2.json"), json("b:2"));
    sink.awaitAddresses("a:1", "b:2");
    Files.delete(directory.resolve("a1.json"));
    sink.awaitAddresses("b:2");
  }

  @Test
  void noTargetIsLostWhileAFileIsRewrittenInPlace() throws Exception {
    Path file = directory.resolve("targets.json");
    Files.writeString(file, json("a:1", "b:2"));
    RecordingSink sink = discover(file);
    sink.awaitAddresses("a:1", "b:2");
    byte[] whole = json("a:1", "b:2", "c:3").getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = Files.newOutputStream(file)) {
      // Truncated by opening it: zero bytes.
      sink.awaitFailure(failure -> failure.contains("is empty"));
      assertThat(sink.addresses()).containsExactly("a:1", "b:2");
      out.write(whole, 0, whole.length / 2);
      out.flush();
      sink.awaitFailure(failure -> failure.contains("not valid JSON"));
      assertThat(sink.failure()).contains(file.toString()).contains("rename it over the old one");
      assertThat(sink.addresses()).containsExactly("a:1", "b:2");
      out.write(whole, whole.length / 2, whole.length - whole.length / 2);
    }
    sink.awaitAddresses("a:1", "b:2", "c:3");
    assertThat(sink.failure()).isEmpty();
  }

  @Test
  void halfOfAYamlFileIsNotTakenForAllOfIt() throws Exception {
    Path file = directory.resolve("targets.yaml");
    StringBuilder yaml = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      yaml.append("- targets: [h").append(i).append(":1]\n");
    }
    Files.writeString(file, yaml.toString());
    FileWatch.Pauses patient = new FileWatch.Pauses(Duration.ofMillis(20), Duration.ofMillis(1500));
    FileDiscovery settings = FileDiscovery.of(file);
    RecordingSink sink =
        fixture.start(new FileWatch(settings, fixture.context(), patient, FileWatch::watchService));
    await().atMost(RecordingSink.PATIENCE).until(() -> sink.addresses().size() == 200);
    // Each write is seen by the watcher, none is old enough to be read.
    try (OutputStream out = Files.newOutputStream(file)) {
      for (String line : yaml.toString().lines().toList()) {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
      out.write("- targets: [last:1]\n".getBytes(StandardCharsets.UTF_8));
    }
    await().atMost(RecordingSink.PATIENCE).until(() -> sink.addresses().size() == 201);
    assertThat(sink.replacements()).isEqualTo(2);
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void followsASwapOfTheDataLinkOfAConfigMap() throws IOException {
    Path mount = Files.createDirectory(directory.resolve("mount"));
    Path first = Files.createDirectory(mount.resolve("..v1"));
    Files.writeString(first.resolve("targets.json"), json("a:1"));
    Files.createSymbolicLink(mount.resolve("..data"), Path.of("..v1"));
    Path file =
        Files.createSymbolicLink(mount.resolve("targets.json"), Path.of("..data/targets.json"));
    RecordingSink sink = discover(file);
    sink.awaitAddresses("a:1");
    for (int version = 2; version < 6; version++) {
      Path next = Files.createDirectory(mount.resolve("..v" + version));
      Files.writeString(next.resolve("targets.json"), json("b:" + version));
      Path link = Files.createSymbolicLink(mount.resolve("..tmp"), Path.of("..v" + version));
      Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
      sink.awaitAddresses("b:" + version);
    }
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void oneBrokenFileKeepsItsTargetsAndTheOthersGoOn() throws IOException {
    Path good = directory.resolve("good.json");
    Path bad = directory.resolve("bad.yaml");
    Files.writeString(good, json("a:1"));
    Files.writeString(bad, "- targets: [b:2]\n");
    RecordingSink sink = discover(good, bad);
    sink.awaitAddresses("a:1", "b:2");
    replace(bad, "- target: [b:2]\n");
    sink.awaitFailure(failure -> failure.contains("unknown key \"target\""));
    assertThat(sink.failure()).contains("bad.yaml:1:3").contains("did you mean \"targets\"?");
    replace(good, json("c:3"));
    sink.awaitAddresses("b:2", "c:3");
    assertThat(sink.failure()).contains("unknown key");
    replace(bad, "- targets: [d:4]\n");
    sink.awaitAddresses("c:3", "d:4");
    sink.awaitFailure(String::isEmpty);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.json", "x.yaml"})
  void anEmptyListMeansNoTargets(String name) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, json("a:1"));
    RecordingSink sink = discover(file);
    sink.awaitAddresses("a:1");
    replace(file, "[]");
    sink.awaitAddresses();
    assertThat(sink.failure()).isEmpty();
  }

  @Test
  void aMissingFileIsAFailureUntilItComesAndAgainWhenItGoes() throws IOException {
    Path file = directory.resolve("later.json");
    RecordingSink sink = discover(file);
    sink.awaitFailure(failure -> failure.contains("later.json does not exist"));
    assertThat(sink.replacements()).isZero();
    replace(file, json("a:1"));
    sink.awaitAddresses("a:1");
    sink.awaitFailure(String::isEmpty);
    Files.delete(file);
    sink.awaitAddresses();
    sink.awaitFailure(failure -> failure.contains("does not exist"));
  }

  @Test
  void withoutAWatcherItLooksAtTheFiles() throws IOException {
    Path file = directory.resolve("a.json");
    Files.writeString(file, json("a:1"));
    RecordingSink sink =
        discover(
            () -> {
              throw new IOException("User limit of inotify instances reached");
            },
            file);
    sink.awaitAddresses("a:1");
    replace(file, json("b:2"));
    sink.awaitAddresses("b:2");
    // As large and as old as before: a rename is seen all the same.
    FileTime time = Files.getLastModifiedTime(file);
    Path fresh = Files.writeString(directory.resolve("fresh.tmp"), json("c:3"));
    Files.setLastModifiedTime(fresh, time);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    sink.awaitAddresses("c:3");
  }

  @Test
  void manyRewritesEndWithTheLastContent() throws IOException {
    Path file = directory.resolve("a.json");
    Files.writeString(file, json("a:0"));
    RecordingSink sink = discover(file);
    sink.awaitAddresses("a:0");
    for (int i = 1; i <= 300; i++) {
      Files.writeString(file, json("a:" + i));
    }
    sink.awaitAddresses("a:300");
    assertThat(sink.addresses()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "/a/b.txt, must end in",
    "b.json, absolute",
    "/a*/b.json, last part only",
  })
  void pathsThatCannotBeUsedAreRefused(String path, String message) {
    assertThatThrownBy(() -> FileDiscovery.of(Path.of(path))).hasMessageContaining(message);
  }

  @Test
  void closesAtOnce() throws IOException {
    Path file = directory.resolve("a.json");
    Files.writeString(file, json("a:1"));
    RecordingSink sink = fixture.start(FileDiscovery.of(file).create(fixture.context()));
    sink.awaitAddresses("a:1");
    long began = System.nanoTime();
    fixture.close();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    await().atMost(RecordingSink.PATIENCE).until(() -> fixture.livingThreads() == 0);
  }
}
