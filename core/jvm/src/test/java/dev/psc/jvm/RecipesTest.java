package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The adapters of the README answer. */
class RecipesTest {

  @Test
  void aServletAnswers() throws Exception {
    List<String> calls = new ArrayList<>();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    ServletOutputStream out =
        new ServletOutputStream() {
          @Override
          public void write(int b) {
            body.write(b);
          }

          @Override
          public boolean isReady() {
            return true;
          }

          @Override
          public void setWriteListener(WriteListener listener) {}
        };
    HttpServletRequest request =
        (HttpServletRequest)
            Proxy.newProxyInstance(
                RecipesTest.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "getParameterMap" -> Map.of("debug", new String[] {"1"});
                      case "getHeaderNames" -> Collections.enumeration(List.of("Accept-Encoding"));
                      case "getHeader" -> "identity";
                      case "getMethod" -> "GET";
                      case "getRequestURI" -> "/app/debug/pprof/goroutine";
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
    HttpServletResponse response =
        (HttpServletResponse)
            Proxy.newProxyInstance(
                RecipesTest.class.getClassLoader(),
                new Class<?>[] {HttpServletResponse.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("getOutputStream")) {
                    return out;
                  }
                  calls.add(method.getName() + " " + arguments[0]);
                  return null;
                });
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      new PprofServlet(profiling.handler()).doGet(request, response);
    }
    assertThat(body.toString(StandardCharsets.UTF_8))
        .startsWith("goroutine profile: total ")
        .doesNotContain("RecipesTest.aServletAnswers"); // the request itself
    assertThat(calls).contains("setStatus 200", "setContentLength " + body.size());
  }
}
