package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.micrometer.DeliveryMetrics;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.CloseReport;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the README: its code runs, its tables are complete, the tests that it names exist. */
class DeliveryDocsTest {

  private static final Path ROOT = Path.of(System.getProperty("psc.root", "../.."));
  private static final Path PAGE = ROOT.resolve("core/delivery/README.md");

  @TempDir private Path directory;
  private final FakeSink sink = new FakeSink();

  @Test
  void queueWithASpool() {
    RawProfile profile = profile("a", "1");
    Delivery delivery = Delivery.builder(sink).spool(directory).build();
    delivery.start();
    Acceptance answer = delivery.accept(profile);
    CloseReport left = delivery.close(Duration.ofSeconds(10));
    assertThat(answer.isAccepted()).isTrue();
    assertThat(left).isEqualTo(new CloseReport(1, 0, 0));
    assertThat(sink.received()).containsExactly("1");
  }

  @Test
  void severalSinks() throws IOException {
    FakeSink store = sink;
    FanOut both =
        FanOut.of(
            Delivery.builder(store).spool(directory.resolve("spool")).closeSink(true).build(),
            Delivery.create(DirectorySink.create(directory.resolve("copies"))));
    try (both) {
      both.accept(profile("a", "1"));
      assertThat(both.flush(Duration.ofSeconds(30))).isTrue();
    }
    assertThat(store.received()).containsExactly("1");
    assertThat(store.closed()).isEqualTo(1);
    try (Stream<Path> files = Files.walk(directory.resolve("copies"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".pb"))).hasSize(1);
    }
  }

  private int status = 200;

  private CompletionStage<Integer> post(List<RawProfile> batch) {
    return CompletableFuture.completedFuture(batch.isEmpty() ? 400 : status);
  }

  final class HttpSink implements ProfileSink {

    @Override
    public String name() {
      return "http";
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      return post(batch)
          .thenApply(
              status ->
                  switch (status) {
                    case 200 -> new SendOutcome.Accepted();
                    case 401 -> new SendOutcome.Blocked("unauthenticated", "renew the token");
                    case 413 -> new SendOutcome.Rejected("too_large", "batch too large");
                    case 422 -> new SendOutcome.Rejected("invalid", "not a profile");
                    default ->
                        new SendOutcome.Retry("unavailable", "status " + status, Optional.empty());
                  });
    }

    @Override
    public void close() {}
  }

  @Test
  void aSinkOfYourOwn() {
    for (int answer : new int[] {200, 413}) {
      status = answer;
      try (Delivery delivery = Delivery.create(new HttpSink())) {
        delivery.accept(profile("a", "1"));
        assertThat(delivery.flush(Duration.ofSeconds(30))).isTrue();
        assertThat(delivery.snapshot().sent()).isEqualTo(answer == 200 ? 1 : 0);
      }
    }
  }

  /** The table has exactly the metrics of the binder. */
  @Test
  void metersAreThoseOfTheTable() throws IOException {
    MeterRegistry registry = new SimpleMeterRegistry();
    try (Delivery delivery = Delivery.create(sink)) {
      DeliveryMetrics metrics = DeliveryMetrics.of(delivery);
      metrics.bindTo(registry);
      assertThat(firstColumn("| meter |"))
          .isEqualTo(
              registry.getMeters().stream()
                  .map(Meter::getId)
                  .map(Meter.Id::getName)
                  .collect(Collectors.toCollection(TreeSet::new)));
      metrics.close();
    }
  }

  /** A successor of a delivery continues its meters in the same registry. */
  @Test
  void aSuccessorTakesOverTheMeters() {
    MeterRegistry registry = new SimpleMeterRegistry();
    for (int i = 1; i <= 2; i++) {
      try (Delivery delivery = Delivery.create(sink);
          DeliveryMetrics metrics = DeliveryMetrics.of(delivery)) {
        metrics.bindTo(registry);
        for (int n = 0; n < i; n++) {
          delivery.accept(profile("a", "1"));
        }
        assertThat(registry.get("psc.delivery.accepted").functionCounter().count()).isEqualTo(i);
      }
      assertThat(registry.getMeters()).isEmpty();
    }
  }

  /** The table has exactly the settings of the builder. */
  @Test
  void settingsAreThoseOfTheTable() throws IOException {
    assertThat(firstColumn("| setting |"))
        .isEqualTo(
            Arrays.stream(DeliveryBuilder.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(Method::getName)
                .filter(name -> !name.equals("build"))
                .collect(Collectors.toCollection(TreeSet::new)));
  }

  /** Every fault names at least one existing test. */
  @Test
  void everyFaultNamesATestThatIsThere() throws IOException {
    Pattern reference = Pattern.compile("`(\\w+Test)#(\\w+)`");
    TreeMap<String, String> sources = new TreeMap<>();
    List<String> rows = rows("| fault |");
    assertThat(rows).hasSizeGreaterThan(40);
    for (String row : rows) {
      Matcher names = reference.matcher(row);
      int found = 0;
      while (names.find()) {
        found++;
        String source = sources.computeIfAbsent(names.group(1), DeliveryDocsTest::source);
        assertThat(source)
            .as(names.group())
            .containsPattern(
                "@(Test|ParameterizedTest)[^;{}]*(\\{[^}]*}[^;{}]*)?\\bvoid "
                    + names.group(2)
                    + "\\(");
      }
      assertThat(found).as(row).isPositive();
    }
  }

  private static String source(String name) {
    try (Stream<Path> files = Files.walk(ROOT.resolve("core"))) {
      List<Path> found =
          files.filter(file -> file.endsWith(name + ".java")).collect(Collectors.toList());
      assertThat(found).as(name).hasSize(1);
      return Files.readString(found.get(0));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Set<String> firstColumn(String head) throws IOException {
    Pattern first = Pattern.compile("^\\| `([\\w.]+)`");
    return rows(head).stream()
        .map(first::matcher)
        .filter(Matcher::find)
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the rows of the table with a heading. */
  private static List<String> rows(String head) throws IOException {
    return Files.readAllLines(PAGE).stream()
        .dropWhile(line -> !line.startsWith(head))
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .collect(Collectors.toList());
  }
}
