package dev.psc.spring;

import org.jspecify.annotations.Nullable;

/**
 * A bean of the application that names the tenant of a request, for the label {@code tenant} of its
 * samples. It is called for each request on the thread that handles it, so it must be fast and
 * thread-safe; its exceptions are logged and ignored. Use few distinct values.
 */
@FunctionalInterface
public interface TenantResolver {

  /**
   * Returns the tenant, or null if there is none.
   *
   * @param request a {@code jakarta.servlet.http.HttpServletRequest} in Spring MVC, or an {@code
   *     org.springframework.web.server.ServerWebExchange} in WebFlux
   */
  @Nullable String tenant(Object request);
}
