package dev.psc.examples.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.JvmProfiling;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.nio.file.Path;
import java.util.Map;
import org.apache.catalina.startup.Tomcat;
import org.eclipse.jetty.server.Server;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests to real servers have their routes in the profiles that the servers serve. */
@Timeout(120)
class ServersTest {

  @Test
  void jetty() throws Exception {
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      Server server = JettyShop.start(profiling, 0);
      try {
        assertServesRoutes(server.getURI().getPort(), "/orders/*");
      } finally {
        server.stop();
      }
    }
  }

  @Test
  void tomcat(@TempDir Path directory) throws Exception {
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      Tomcat tomcat = TomcatShop.start(profiling, directory, 0);
      try {
        assertServesRoutes(tomcat.getConnector().getLocalPort(), "/orders/*");
      } finally {
        tomcat.stop();
        tomcat.destroy();
      }
    }
  }

  @Test
  void micronaut() throws Exception {
    try (EmbeddedServer server =
        ApplicationContext.run(EmbeddedServer.class, Map.of("micronaut.server.port", "-1"))) {
      assertServesRoutes(server.getPort(), "/orders/{id}");
    }
  }

  private static void assertServesRoutes(int port, String route) throws Exception {
    String root = "http://127.0.0.1:" + port;
    Load.during(
        () -> Load.get(root + "/orders/17"),
        () -> Load.get(root + "/debug/pprof/profile?seconds=1"),
        profile ->
            assertThat(Load.labels(profile, "http_route"))
                .contains(route)
                .noneMatch(value -> value.contains("17")));
    assertThat(new String(Load.get(root + "/debug/pprof/goroutine?debug=1"), UTF_8))
        .startsWith("goroutine profile: total ")
        .doesNotContain("PprofHandler.handle"); // the request itself
  }
}
