package dev.psc.examples.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.pprof.Profile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Routes of WebFlux in the profiles of a running application. */
@Tag("interop")
@Timeout(180)
class ReactiveApplicationTest {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Handlers that calculate when they are called, and later on another thread. */
  @EnableAutoConfiguration
  @RestController
  static class Shop {

    @GetMapping("/called/{id}")
    Mono<String> called(@PathVariable("id") String id) {
      return Mono.just(price(id));
    }

    @GetMapping("/scheduled/{id}")
    Mono<String> scheduled(@PathVariable("id") String id) {
      return Mono.fromSupplier(() -> price(id)).subscribeOn(Schedulers.parallel());
    }

    private static String price(String id) {
      long price = id.hashCode();
      for (int i = 0; i < 10_000_000; i++) {
        price = price * 31 + i;
      }
      return String.valueOf(price);
    }
  }

  @Test
  void samplesHaveTheRoutesOfTheirHandlers() throws Exception {
    SpringApplication application = new SpringApplication(Shop.class);
    application.setWebApplicationType(WebApplicationType.REACTIVE);
    AtomicBoolean enough = new AtomicBoolean();
    try (ConfigurableApplicationContext shop =
        application.run(
            "--server.port=0",
            "--spring.reactor.context-propagation=auto",
            "--management.endpoints.web.exposure.include=pprof")) {
      URI root = URI.create("http://127.0.0.1:" + port(shop) + "/");
      CompletableFuture<Void> buying =
          CompletableFuture.runAsync(
              () -> {
                while (!enough.get()) {
                  get(root.resolve("called/17"));
                  get(root.resolve("scheduled/17"));
                }
              },
              task -> new Thread(task, "load").start());
      Set<String> routes = new TreeSet<>();
      try {
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () -> {
                  routes.addAll(routes(get(root.resolve("actuator/pprof/profile?seconds=1"))));
                  assertThat(routes).contains("/called/{id}", "/scheduled/{id}");
                });
      } finally {
        enough.set(true);
      }
      buying.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(routes).noneMatch(route -> route.contains("17"));
    }
  }

  private static String port(ConfigurableApplicationContext shop) {
    return shop.getEnvironment().getRequiredProperty("local.server.port");
  }

  private static Set<String> routes(byte[] pprof) throws Exception {
    Set<String> routes = new TreeSet<>();
    Profile.parse(pprof)
        .samples()
        .forEach(
            sample ->
                sample.labels().stream()
                    .filter(label -> label.key().equals("http_route"))
                    .forEach(label -> routes.add(label.text())));
    return routes;
  }

  /** Closes the connection: Reactor Netty sometimes lets the second request of one wait forever. */
  private static byte[] get(URI address) {
    try {
      HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
      connection.setRequestProperty("Connection", "close");
      connection.setReadTimeout(60_000);
      assertThat(connection.getResponseCode()).isEqualTo(200);
      try (InputStream body = connection.getInputStream()) {
        return body.readAllBytes();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(address.toString(), e);
    }
  }
}
