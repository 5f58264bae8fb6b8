package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.report.Top.Order;
import dev.psc.pprof.report.Top.Row;
import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.command.Push;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PushTest {

  @TempDir private Path directory;
  private EmbeddedProfileStore store;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void start() throws Exception {
    store = EmbeddedProfileStore.builder().plaintext().start();
    Files.writeString(directory.resolve("token"), store.token().reveal());
  }

  @AfterEach
  void stop() {
    store.close();
  }

  private List<String> flags(Path... files) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--store-address=" + store.address(),
                "--insecure",
                "--bearer-token-file=" + directory.resolve("token"),
                "--grpc-headers=projectID=" + store.project(),
                "--external-label=job=checkout"));
    for (Path file : files) {
      arguments.add(file.toString());
    }
    return arguments;
  }

  private int push(Path... files) {
    List<String> arguments = flags(files);
    arguments.add(0, "push");
    return PscScraper.run(arguments.toArray(String[]::new), Map.of(), print(out), print(err));
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /**
   * A recording with a wait of this class in it. The JVM at times writes no names of methods that
   * are met for the first time while another test starts or ends a recording; the JDK's own reader
   * tells.
   */
  private Path recording() throws Exception {
    Path file = directory.resolve("app.jfr");
    for (int i = 0; i < 20; i++) {
      record(file);
      if (namesThisClass(file)) {
        return file;
      }
    }
    throw new AssertionError("no recording has this class in it");
  }

  private static void record(Path file) throws Exception {
    Object monitor = new Object();
    try (Recording recording = new Recording()) {
      recording.enable("jdk.JavaMonitorWait").withoutThreshold().withStackTrace();
      recording.start();
      synchronized (monitor) {
        long end = System.nanoTime() + 50_000_000L;
        while (System.nanoTime() < end) {
          monitor.wait(10);
        }
      }
      recording.stop();
      recording.dump(file);
    }
  }

  private static boolean namesThisClass(Path file) throws Exception {
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().equals("jdk.JavaMonitorWait")
          && event.getStackTrace() != null
          && event.getStackTrace().getFrames().stream()
              .map(RecordedFrame::getMethod)
              .anyMatch(
                  method ->
                      method != null
                          && method.getType().getName().equals(PushTest.class.getName()))) {
        return true;
      }
    }
    return false;
  }

  @Test
  void sendsTheProfilesOfARecordingWithLabels() throws Exception {
    assertThat(push(recording())).as(err()).isZero();

    List<StoredProfile> stored = store.profiles(store.project());
    assertThat(stored).extracting(StoredProfile::name).contains("block");
    assertThat(stored.get(0).labels().toMap()).containsEntry("job", "checkout");
    // All rows: the printed table has 30, which waits of other threads can fill.
    assertThat(store.top(store.project(), "block", "delay").orElseThrow().rows(Order.NAME))
        .extracting(Row::function)
        .contains(PushTest.class.getName() + ".record");
    assertThat(out()).contains("app.jfr: ", "block", "sent ");
  }

  @Test
  void reportsUnreadableFilesAndSendsTheOthers() throws Exception {
    Path text = Files.writeString(directory.resolve("notes.jfr"), "not a recording");

    assertThat(push(directory.resolve("missing.jfr"), text, directory, recording())).isEqualTo(1);

    assertThat(err())
        .contains("missing.jfr: file not found", "notes.jfr", "is a directory")
        .hasLineCount(3);
    assertThat(store.profiles(store.project())).isNotEmpty();
  }

  @Test
  void reportsWhyTheStoreRejectsProfiles() throws Exception {
    Path recording = recording();
    Files.writeString(directory.resolve("token"), "psc_v1_" + "0".repeat(64));
    List<String> arguments = flags(recording);
    arguments.add(0, "--shutdown-timeout=500ms");
    Options options = CommandLineReader.read(arguments.toArray(String[]::new), Map.of());

    int status = new Push(options, print(out), print(err), Duration.ofSeconds(8)).run();

    assertThat(status).isEqualTo(1);
    assertThat(err()).contains("has not accepted", "unauthenticated").doesNotContain("000000000");
  }

  @Test
  void waitsOnceForAStoreThatRejectsProfilesAndNamesTheUnsentFiles() throws Exception {
    Path recording = recording();
    Files.writeString(directory.resolve("token"), "psc_v1_" + "0".repeat(64));
    // Far more than half of the smallest queue.
    List<String> arguments = flags(Collections.nCopies(100, recording).toArray(Path[]::new));
    arguments.addAll(0, List.of("--queue-max-bytes=64KiB", "--shutdown-timeout=500ms"));
    Options options = CommandLineReader.read(arguments.toArray(String[]::new), Map.of());

    int status = new Push(options, print(out), print(err), Duration.ofSeconds(2)).run();

    assertThat(status).isEqualTo(1);
    assertThat(err()).containsOnlyOnce("has not accepted").contains(recording + ": not sent");
  }

  @Test
  void failsForARecordingWithoutProfiles() throws Exception {
    Path file = directory.resolve("none.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.CPULoad");
      recording.start();
      recording.stop();
      recording.dump(file);
    }

    assertThat(push(file, recording())).isEqualTo(1);

    assertThat(err()).contains("none.jfr: has no events that a profile is made of").hasLineCount(1);
    assertThat(store.profiles(store.project())).as("the other file is sent").isNotEmpty();
  }

  @Test
  void sendsOnceWhatSeveralFilesHave() throws Exception {
    Path recording = recording();
    Path copy = Files.copy(recording, directory.resolve("copy.jfr"));

    assertThat(push(recording, copy)).as(err()).isZero();

    assertThat(store.profiles(store.project()))
        .filteredOn(profile -> profile.name().equals("block"))
        .hasSize(1);
    assertThat(out())
        .contains(
            "copy.jfr: nothing to send, because other files have its profiles",
            "chunks are also in " + recording);
  }

  @Test
  void requiresAFile() {
    assertThat(push()).isEqualTo(2);
    assertThat(err()).contains("name at least one .jfr file");
  }
}
