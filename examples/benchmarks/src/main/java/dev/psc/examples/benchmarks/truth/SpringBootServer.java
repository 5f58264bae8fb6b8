package dev.psc.examples.benchmarks.truth;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.boot.web.servlet.context.AnnotationConfigServletWebServerApplicationContext;
import org.springframework.boot.web.servlet.server.ServletWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.WebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/** Spring Boot's embedded Tomcat with Spring MVC and Jackson at 200 requests per second. */
public final class SpringBootServer implements TruthProgram {

  private static final int ROWS = 300;

  @Override
  public String name() {
    return "spring-boot";
  }

  @Override
  public String threads() {
    return "platform";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Parallel");
  }

  @Override
  @SuppressWarnings("try") // the load runs until it is closed
  public void measure(TruthCapture capture) throws Exception {
    AnnotationConfigServletWebServerApplicationContext context =
        new AnnotationConfigServletWebServerApplicationContext(Application.class);
    try (LoadProcess load = new LoadProcess(context.getWebServer().getPort(), 200)) {
      Work.sleep(10_000);
      capture.cpuTotal(capture.cpuNextToAsyncProfiler(20, List.of()));
    }
  }

  /** The application. */
  @Configuration(proxyBeanMethods = false)
  @EnableWebMvc
  static class Application {

    @Bean
    ServletWebServerFactory tomcat() {
      TomcatServletWebServerFactory tomcat = new TomcatServletWebServerFactory(0);
      tomcat.setAddress(InetAddress.getLoopbackAddress());
      return tomcat;
    }

    @Bean
    ServletRegistrationBean<DispatcherServlet> dispatcher(WebApplicationContext context) {
      return new ServletRegistrationBean<>(new DispatcherServlet(context), "/");
    }

    @Bean
    Pages pages() {
      return new Pages();
    }
  }

  /** The only page, as JSON. */
  @RestController
  static class Pages {

    @GetMapping("/")
    List<Map<String, Object>> page() {
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
