package dev.psc.examples.recipes;

import dev.psc.jvm.PprofHandler;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** Profiles in a servlet container, mapped to {@code /debug/pprof/*}. */
final class PprofServlet extends HttpServlet {

  private static final long serialVersionUID = 1;

  private final transient PprofHandler handler;

  PprofServlet(PprofHandler handler) {
    this.handler = handler;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Map<String, String> query = new HashMap<>();
    request.getParameterMap().forEach((name, values) -> query.put(name, values[0]));
    Map<String, String> headers = new HashMap<>();
    for (String name : Collections.list(request.getHeaderNames())) {
      headers.put(name, request.getHeader(name));
    }
    PprofResponse profile =
        handler.handle(
            new PprofRequest(request.getMethod(), request.getRequestURI(), query, headers));
    response.setStatus(profile.status());
    profile.headers().forEach(response::setHeader);
    response.setContentLength(profile.body().length);
    response.getOutputStream().write(profile.body());
  }
}
