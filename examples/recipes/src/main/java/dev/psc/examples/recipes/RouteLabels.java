package dev.psc.examples.recipes;

import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;

/** Labels the samples of a request with the pattern of its servlet, e.g. {@code /orders/*}. */
final class RouteLabels implements Filter {

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String route = ((HttpServletRequest) request).getHttpServletMapping().getPattern();
    ProfileLabels.Scope scope = ProfileLabels.scope(LabelSet.of("http_route", route));
    try {
      chain.doFilter(request, response);
    } finally {
      scope.close();
    }
  }
}
