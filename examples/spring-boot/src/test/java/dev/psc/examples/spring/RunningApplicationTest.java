package dev.psc.examples.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.psc.testkit.EmbeddedProfileStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** The starter in a running application, with the actuator at a separate port. */
@Tag("interop")
@Timeout(180)
class RunningApplicationTest {

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Path MONITORING = Path.of("../../core/spring-boot-starter/monitoring");

  /** Nothing but the starter, as Spring Cloud runs it to read changed properties. */
  static class Nothing {}

  private static EmbeddedProfileStore store;
  private static ConfigurableApplicationContext shop;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    store = EmbeddedProfileStore.builder().start();
    shop =
        SpringApplication.run(
            ShopApplication.class,
            "--server.port=0",
            "--management.server.port=0",
            "--management.endpoints.web.exposure.include=*",
            "--management.endpoint.env.show-values=always",
            "--psc.store.address=" + store.address(),
            "--psc.store.token=" + store.token().reveal(),
            "--psc.store.project-id=" + store.project(),
            "--psc.store.ca-file=" + store.writeAuthority(directory.resolve("ca.pem")),
            "--psc.interval=1s");
  }

  @AfterAll
  static void stop() {
    shop.close();
    store.close();
  }

  private static String get(String path) throws Exception {
    String port = shop.getEnvironment().getProperty("local.management.port");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/actuator/" + path))
            .timeout(PATIENCE)
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  @Test
  void exportsTheMetersThatDashboardAndAlertsUse() throws Exception {
    await().atMost(PATIENCE).until(() -> store.profileCount() > 0);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(get("prometheus"))
                    .containsPattern("psc_delivery_sent_total\\{sink=\".*\"} [1-9]"));
    String exported = get("prometheus");
    for (String file : new String[] {"dashboard.json", "alerts.yaml"}) {
      Set<String> used = new TreeSet<>();
      Matcher name =
          Pattern.compile("psc_[a-z_]+").matcher(Files.readString(MONITORING.resolve(file), UTF_8));
      while (name.find()) {
        used.add(name.group());
      }
      assertThat(used).hasSizeGreaterThanOrEqualTo(5);
      assertThat(used)
          .allSatisfy(metric -> assertThat(exported).contains("# TYPE " + metric + " "));
    }
  }

  @Test
  void masksSecrets() throws Exception {
    assertThat(get("env"))
        .contains("psc.store.token", "******", store.address())
        .doesNotContain(store.token().reveal());
    assertThat(get("env/psc.store.token")).doesNotContain(store.token().reveal());
  }

  @Test
  void aRefreshOfThePropertiesDoesNotStartAgain() throws Exception {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("dev.psc");
    logger.addAppender(log);
    try {
      SpringApplication refreshing = new SpringApplication(Nothing.class);
      refreshing.setWebApplicationType(WebApplicationType.NONE);
      refreshing.setEnvironment(shop.getEnvironment());
      refreshing.run().close();
      long before = store.profileCount();
      await().atMost(PATIENCE).until(() -> store.profileCount() > before);
      assertThat(get("health/psc")).contains("\"UP\"");
      assertThat(get("pprof/goroutine?debug=1")).startsWith("goroutine profile: total ");
      assertThat(log.list).noneMatch(event -> event.getMessage().contains("Profiling is"));
    } finally {
      logger.detachAppender(log);
    }
  }
}
