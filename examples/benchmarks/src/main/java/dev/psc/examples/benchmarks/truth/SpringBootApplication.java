package dev.psc.examples.benchmarks.truth;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A started Spring Boot application whose only page is JSON. Thread-safe. */
final class SpringBootApplication {

  private static final int ROWS = 300;

  /** The requests of which one on average waits for a monitor. */
  private static final int REQUESTS_PER_LOCK = 5;

  /** How long the monitor is held: about a third of the time with 200 requests per second. */
  private static final long HELD_MILLIS = 8;

  private final ConfigurableApplicationContext context;

  SpringBootApplication() {
    context =
        SpringApplication.run(
            Application.class,
            "--server.port=0",
            "--server.address=127.0.0.1",
            "--server.tomcat.threads.min-spare=16",
            "--server.tomcat.threads.max=16",
            "--server.tomcat.max-keep-alive-requests=-1",
            "--spring.main.banner-mode=off");
  }

  int port() {
    return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  /** Returns the requests that have been served. */
  long served() {
    return context.getBean(Pages.class).served.get();
  }

  /** The application. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Application {

    @Bean
    Pages pages() {
      return new Pages();
    }
  }

  /** The page. */
  @RestController
  static class Pages {

    private final AtomicLong served = new AtomicLong();
    private final Object stock = new Object();

    @GetMapping("/")
    List<Map<String, Object>> page() {
      served.incrementAndGet();
      if (ThreadLocalRandom.current().nextInt(REQUESTS_PER_LOCK) == 0) {
        synchronized (stock) {
          Work.sleep(HELD_MILLIS); // as a call of another service would
        }
      }
      List<Map<String, Object>> page = new ArrayList<>();
      for (int i = 0; i < ROWS; i++) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("id", i);
        row.put("name", "item " + i * 31 % 97);
        row.put("price", i / 7.0);
        page.add(row);
      }
      return page;
    }
  }
}
