package dev.psc.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpMethod;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.reactive.HandlerAdapter;
import org.springframework.web.reactive.HandlerResult;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The labels of requests in both web frameworks. */
@Timeout(120)
class WebLabelsTest {

  private static final String ROUTE = "/orders/{id}";
  private static final LabelSet LABELS = LabelSet.of("http_route", ROUTE, "tenant", "acme");

  private JvmProfiling profiling;

  @BeforeEach
  void start() {
    profiling = JvmProfiling.builder().start();
    ProfilingTest.awaitLabels();
  }

  @AfterEach
  void stop() {
    profiling.close();
  }

  @Test
  void theHandlersOfMvcHaveTheRouteAndTheTenant() {
    var interceptor =
        new MvcLabelsAutoConfiguration.Interceptor(new RequestLabels(request -> "acme"));
    MockHttpServletRequest request = new MockHttpServletRequest("GET", "/orders/17");
    MockHttpServletResponse response = new MockHttpServletResponse();
    request.setAttribute(
        org.springframework.web.servlet.HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE, ROUTE);
    assertThat(interceptor.preHandle(request, response, this)).isTrue();
    assertThat(ProfileLabels.current()).isEqualTo(LABELS);
    interceptor.afterConcurrentHandlingStarted(request, response, this);
    assertThat(ProfileLabels.current().isEmpty()).isTrue();
    assertThat(interceptor.preHandle(request, response, this)).isTrue();
    interceptor.afterCompletion(request, response, this, null);
    assertThat(ProfileLabels.current().isEmpty()).isTrue();
  }

  @Test
  void neitherARawPathNorAFailingResolverBecomesALabel() {
    RequestLabels labels =
        new RequestLabels(
            request -> {
              throw new IllegalStateException("no tenant");
            });
    assertThat(labels.of(null, "/orders/17").isEmpty()).isTrue();
    assertThat(labels.of(ROUTE, "/orders/17")).isEqualTo(LabelSet.of("http_route", ROUTE));
  }

  /** Handles anything, and records the labels while the handler and its result run. */
  private static final class Handler implements HandlerAdapter {

    @Override
    public boolean supports(Object handler) {
      return true;
    }

    @Override
    public Mono<HandlerResult> handle(ServerWebExchange exchange, Object handler) {
      return Mono.fromSupplier(
          () -> {
            LabelSet called = ProfileLabels.current();
            Flux<LabelSet> value = Flux.defer(() -> Flux.just(called, ProfileLabels.current()));
            return new HandlerResult(handler, value, returnType());
          });
    }

    private static MethodParameter returnType() {
      try {
        return new MethodParameter(Object.class.getMethod("toString"), -1);
      } catch (NoSuchMethodException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void theHandlersOfWebFluxHaveThemTooAndWhatTheyReturn() {
    Handler handler = new Handler();
    StaticListableBeanFactory beans = new StaticListableBeanFactory(Map.of("handler", handler));
    var adapter =
        new WebFluxLabelsAutoConfiguration.Adapter(
            beans.getBeanProvider(HandlerAdapter.class), new RequestLabels(exchange -> "acme"));
    MockServerWebExchange exchange =
        MockServerWebExchange.from(
            MockServerHttpRequest.method(HttpMethod.GET, URI.create("/orders/17")));
    exchange
        .getAttributes()
        .put(
            org.springframework.web.reactive.HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE, ROUTE);
    assertThat(adapter.supports(this)).isTrue();
    HandlerResult result = adapter.handle(exchange, this).block();
    List<?> seen = ((Flux<?>) result.getReturnValue()).collectList().block();
    assertThat(seen).isEqualTo(List.of(LABELS, LABELS));
    assertThat(ProfileLabels.current().isEmpty()).isTrue();
  }

  @Test
  void labelsFollowAContextToOtherThreads() throws Exception {
    LabelsAccessor.register();
    ContextSnapshot snapshot =
        ProfileLabels.call(LABELS, () -> ContextSnapshotFactory.builder().build().captureAll());
    LabelSet[] seen = new LabelSet[2];
    Thread thread =
        new Thread(
            () -> {
              Runnable look = () -> seen[0] = ProfileLabels.current();
              snapshot.wrap(look).run();
              seen[1] = ProfileLabels.current();
            });
    thread.start();
    thread.join();
    assertThat(Stream.of(seen)).containsExactly(LABELS, LabelSet.empty());
  }
}
