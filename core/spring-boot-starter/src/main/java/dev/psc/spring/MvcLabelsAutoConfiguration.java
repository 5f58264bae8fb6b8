package dev.psc.spring;

import dev.psc.jvm.ProfileLabels;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.AsyncHandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Labels for the handlers of Spring MVC. */
@AutoConfiguration(after = ProfilingAutoConfiguration.class)
@ConditionalOnBean(Profiling.class)
@ConditionalOnClass(
    name = {
      "org.springframework.web.servlet.config.annotation.WebMvcConfigurer",
      "jakarta.servlet.http.HttpServletRequest"
    })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnProperty(
    name = {ProfilingProperty.ENABLED, ProfilingProperty.REQUEST_LABELS},
    matchIfMissing = true)
class MvcLabelsAutoConfiguration {

  @Bean
  WebMvcConfigurer pscMvcLabels(ObjectProvider<TenantResolver> tenants) {
    Interceptor interceptor = new Interceptor(new RequestLabels(tenants.getIfUnique()));
    return new WebMvcConfigurer() {
      @Override
      public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(interceptor).order(Ordered.HIGHEST_PRECEDENCE);
      }
    };
  }

  /** Opens the labels when the route is known, on each thread that handles the request. */
  static final class Interceptor implements AsyncHandlerInterceptor {

    private static final String SCOPE = Interceptor.class.getName();

    private final RequestLabels labels;

    Interceptor(RequestLabels labels) {
      this.labels = labels;
    }

    @Override
    public boolean preHandle(
        HttpServletRequest request, HttpServletResponse response, Object handler) {
      close(request);
      Object pattern = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
      request.setAttribute(SCOPE, ProfileLabels.scope(labels.of(pattern, request)));
      return true;
    }

    @Override
    public void afterConcurrentHandlingStarted(
        HttpServletRequest request, HttpServletResponse response, Object handler) {
      close(request);
    }

    @Override
    public void afterCompletion(
        HttpServletRequest request,
        HttpServletResponse response,
        Object handler,
        @Nullable Exception failure) {
      close(request);
    }

    private static void close(HttpServletRequest request) {
      if (request.getAttribute(SCOPE) instanceof ProfileLabels.Scope scope) {
        request.removeAttribute(SCOPE);
        scope.close();
      }
    }
  }
}
