package dev.psc.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;

/** The profiler in the life of an application. */
@Timeout(120)
class ProfilingTest {

  /** An application as small as possible. */
  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({TaskExecutionAutoConfiguration.class, ProfilingAutoConfiguration.class})
  static class Shop {

    @Bean
    Optional<JvmProfiling> seen(Profiling profiling) {
      return profiling.profiler();
    }
  }

  private static ConfigurableApplicationContext run(Class<?> application, String... properties) {
    SpringApplication shop = new SpringApplication(application);
    shop.setWebApplicationType(WebApplicationType.NONE);
    List<String> arguments = new ArrayList<>();
    for (String property : properties) {
      arguments.add("--" + property);
    }
    return shop.run(arguments.toArray(String[]::new));
  }

  private static ProfilingProperties properties(Map<String, Object> values, String... profiles) {
    ConfigurableEnvironment environment = new StandardEnvironment();
    environment.setActiveProfiles(profiles);
    environment.getPropertySources().addFirst(new MapPropertySource("test", values));
    return new ProfilingProperties(environment);
  }

  @Test
  void startsBeforeTheContextAndEndsWithIt() throws Exception {
    JvmProfiling profiling;
    InetSocketAddress address;
    try (ConfigurableApplicationContext context = run(Shop.class, "psc.pprof.address=:0")) {
      profiling = context.getBean(Profiling.class).profiler().orElseThrow();
      address = profiling.pprofAddress().orElseThrow();
      assertThat(context.getBean("seen")).isEqualTo(Optional.of(profiling));
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              try (ServerSocket free = new ServerSocket()) {
                free.bind(address);
              }
            });
  }

  @Test
  void severalContextsShareOneProfiler() {
    try (ConfigurableApplicationContext parent = run(Shop.class, "psc.pprof.address=:0")) {
      JvmProfiling profiling = parent.getBean(Profiling.class).profiler().orElseThrow();
      try (ConfigurableApplicationContext other = run(Shop.class, "psc.pprof.address=:0")) {
        assertThat(other.getBean(Profiling.class).profiler()).containsSame(profiling);
      }
      assertThat(parent.getBean(Profiling.class).profiler()).containsSame(profiling);
      assertThat(profiling.pprofAddress()).isPresent();
    }
    // As after a restart by devtools.
    try (ConfigurableApplicationContext again = run(Shop.class, "psc.pprof.address=:0")) {
      assertThat(again.getBean(Profiling.class).profiler()).isPresent();
    }
  }

  @Test
  void aWrongPropertyIsReportedAndTheApplicationStarts() {
    try (ConfigurableApplicationContext context =
        run(Shop.class, "psc.pprof.address=:0", "psc.stack-depth=9999")) {
      Profiling profiling = context.getBean(Profiling.class);
      assertThat(profiling.profiler()).isEmpty();
      assertThat(profiling.problems())
          .singleElement()
          .asString()
          .startsWith("Profiling is not started: psc.stack-depth: stackDepth must be between");
      assertThat(ProfilingHealth.of(profiling).well()).isFalse();
    }
    try (ConfigurableApplicationContext context =
        run(Shop.class, "psc.pprof.address=:0", "psc.intervall=1s")) {
      Profiling profiling = context.getBean(Profiling.class);
      assertThat(profiling.profiler()).isPresent();
      assertThat(profiling.problems())
          .containsExactly("Unknown property psc.intervall; did you mean psc.interval?");
    }
  }

  @Test
  void aPortInUseAndAMissingTokenFileAreRetried() throws Exception {
    ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    try (ConfigurableApplicationContext context =
        run(Shop.class, "psc.pprof.address=:" + taken.getLocalPort())) {
      Profiling profiling = context.getBean(Profiling.class);
      assertThat(profiling.problems())
          .singleElement()
          .asString()
          .contains("Address already in use");
      taken.close();
      await().atMost(Duration.ofMinutes(1)).until(() -> profiling.problems().isEmpty());
    } finally {
      taken.close();
    }
  }

  @Test
  void strictApplicationsDoNotStart() {
    assertThatThrownBy(
            () ->
                run(
                    Shop.class,
                    "psc.strict=true",
                    "psc.store.address=127.0.0.1:1",
                    "psc.store.token-file=/no/such/token"))
        .hasMessageContaining("/no/such/token");
  }

  @Test
  void doesNotStartWithoutAUse() {
    try (ConfigurableApplicationContext context = run(Shop.class)) {
      assertThat(context.getBean(Profiling.class).profiler()).isEmpty();
      assertThat(context.getBean(Profiling.class).problems()).isEmpty();
    }
    try (ConfigurableApplicationContext context =
        run(Shop.class, "psc.enabled=false", "psc.pprof.address=:0")) {
      assertThat(context.getBeansOfType(ProfilingAutoConfiguration.class)).isEmpty();
      assertThat(context.getBean(Profiling.class).profiler()).isEmpty();
    }
  }

  @Test
  void labelsComeFromTheApplicationAndItsProperties() {
    Map<String, Object> values =
        Map.of(
            "spring.application.name",
            "shop",
            "HOSTNAME",
            "pod-1",
            "psc.labels.team",
            "orders, and more",
            "psc.labels.service_name",
            "renamed");
    assertThat(properties(values, "prod", "eu").settings().get("PSC_LABELS").split(","))
        .containsExactlyInAnyOrder(
            "service_name=renamed",
            "spring_profile=prod_eu",
            "instance=pod-1",
            "team=orders_ and more");
    assertThat(
            properties(Map.of("psc.labels", "a=b", "psc.interval", "PT15S", "HOSTNAME", ""))
                .settings())
        .containsEntry("PSC_LABELS", "a=b")
        .containsEntry("PSC_INTERVAL", "15000000us");
  }

  @Test
  void tasksOfTheExecutorHaveTheLabelsOfTheSubmitter() throws Exception {
    try (ConfigurableApplicationContext context = run(Shop.class, "psc.pprof.address=:0")) {
      CompletableFuture<LabelSet> seen = new CompletableFuture<>();
      awaitLabels();
      ProfileLabels.run(
          LabelSet.of("http_route", "/orders/{id}"),
          () ->
              context
                  .getBean(AsyncTaskExecutor.class)
                  .execute(() -> seen.complete(ProfileLabels.current())));
      assertThat(seen.get(30, TimeUnit.SECONDS))
          .isEqualTo(LabelSet.of("http_route", "/orders/{id}"));
    }
  }

  /** A task decorator with a separate type. */
  static class Counting implements TaskDecorator {
    private final AtomicInteger decorated = new AtomicInteger();

    @Override
    public Runnable decorate(Runnable task) {
      decorated.incrementAndGet();
      return task;
    }

    int count() {
      return decorated.get();
    }
  }

  /** A class that cannot be extended. */
  static final class FinalCounting implements TaskDecorator {
    @Override
    public Runnable decorate(Runnable task) {
      return task;
    }
  }

  /** An application with a task decorator that it also uses by its type. */
  @Configuration(proxyBeanMethods = false)
  static class Decorated extends Shop {

    @Bean
    Counting counting() {
      return new Counting();
    }

    @Bean
    Supplier<Integer> count(Counting counting) {
      return counting::count;
    }
  }

  /** The same with a lambda expression. */
  @Configuration(proxyBeanMethods = false)
  static class DecoratedByLambda extends Shop {

    private final AtomicInteger decorated = new AtomicInteger();

    @Bean
    TaskDecorator ofTheShop() {
      return task -> {
        decorated.incrementAndGet();
        return task;
      };
    }

    @Bean
    Supplier<Integer> count() {
      return decorated::get;
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {Decorated.class, DecoratedByLambda.class})
  void taskDecoratorsOfTheApplicationStayInUse(Class<?> application) throws Exception {
    try (ConfigurableApplicationContext context = run(application, "psc.pprof.address=:0")) {
      awaitLabels();
      CompletableFuture<LabelSet> seen = new CompletableFuture<>();
      ProfileLabels.run(
          LabelSet.of("http_route", "/orders/{id}"),
          () ->
              context
                  .getBean(AsyncTaskExecutor.class)
                  .execute(() -> seen.complete(ProfileLabels.current())));
      assertThat(seen.get(30, TimeUnit.SECONDS))
          .isEqualTo(LabelSet.of("http_route", "/orders/{id}"));
      assertThat(context.getBean(Supplier.class).get()).isEqualTo(1);
    }
  }

  @Test
  void aTaskDecoratorOfAFinalClassKeepsItsType() {
    FinalCounting own = new FinalCounting();
    assertThat(new OwnTaskDecorators().postProcessAfterInitialization(own, "own")).isSameAs(own);
    assertThat(new OwnTaskDecorators().postProcessAfterInitialization("other", "own"))
        .isEqualTo("other");
  }

  /** Labels are kept while events are captured. */
  static void awaitLabels() {
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              try {
                return !ProfileLabels.call(LabelSet.of("a", "b"), ProfileLabels::current).isEmpty();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  @Test
  void secretsAreMasked() {
    for (String secret :
        List.of("psc.store.token", "PSC_BEARER_TOKEN", "psc.pprof.token", "psc.store.headers")) {
      assertThat(ActuatorAutoConfiguration.Secrets.isSecret(secret)).as(secret).isTrue();
    }
    for (String plain : List.of("psc.store.token-file", "psc.interval", "server.port")) {
      assertThat(ActuatorAutoConfiguration.Secrets.isSecret(plain)).as(plain).isFalse();
    }
  }

  @Test
  void theMetadataHasEveryProperty() throws Exception {
    JsonNode metadata =
        new ObjectMapper()
            .readTree(
                Files.readString(
                    Path.of("src/main/resources/META-INF/spring-configuration-metadata.json")));
    TreeSet<String> described = new TreeSet<>();
    for (JsonNode property : metadata.get("properties")) {
      described.add(property.get("name").asText());
      assertThat(property.get("description").asText()).endsWith(".");
      assertThat(property.get("type").asText()).startsWith("java.");
    }
    TreeSet<String> known =
        new TreeSet<>(
            List.of(
                ProfilingProperty.ENABLED,
                ProfilingProperty.STRICT,
                ProfilingProperty.LABELS,
                ProfilingProperty.REQUEST_LABELS,
                "management.endpoint.pprof.access",
                "management.health.psc.enabled"));
    for (ProfilingProperty property : ProfilingProperty.values()) {
      known.add(property.property());
    }
    assertThat(described).isEqualTo(known);
  }
}
