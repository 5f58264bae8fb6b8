package dev.psc.spring;

import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.web.reactive.HandlerAdapter;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.HandlerResult;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;

/** Labels for the handlers of Spring WebFlux. */
@AutoConfiguration(after = ProfilingAutoConfiguration.class)
@ConditionalOnBean(Profiling.class)
@ConditionalOnClass(
    name = {"org.springframework.web.reactive.HandlerAdapter", "reactor.core.publisher.Mono"})
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnProperty(
    name = {ProfilingProperty.ENABLED, ProfilingProperty.REQUEST_LABELS},
    matchIfMissing = true)
class WebFluxLabelsAutoConfiguration {

  @Bean
  HandlerAdapter pscLabelsHandlerAdapter(
      ObjectProvider<HandlerAdapter> adapters, ObjectProvider<TenantResolver> tenants) {
    return new Adapter(adapters, new RequestLabels(tenants.getIfUnique()));
  }

  /**
   * Comes before the adapters that it calls, because only here the route is known and the handler
   * has not run yet.
   */
  static final class Adapter implements HandlerAdapter, Ordered {

    private final ObjectProvider<HandlerAdapter> adapters;
    private final RequestLabels labels;

    Adapter(ObjectProvider<HandlerAdapter> adapters, RequestLabels labels) {
      this.adapters = adapters;
      this.labels = labels;
    }

    @Override
    public int getOrder() {
      return Ordered.HIGHEST_PRECEDENCE;
    }

    private List<HandlerAdapter> others(Object handler) {
      return adapters
          .orderedStream()
          .filter(adapter -> adapter != this && adapter.supports(handler))
          .toList();
    }

    @Override
    public boolean supports(Object handler) {
      return !others(handler).isEmpty();
    }

    @Override
    public Mono<HandlerResult> handle(ServerWebExchange exchange, Object handler) {
      LabelSet own =
          labels.of(
              exchange.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE), exchange);
      Mono<HandlerResult> handled =
          Mono.defer(() -> others(handler).get(0).handle(exchange, handler))
              .map(result -> labelled(result, own));
      return own.isEmpty() ? handled : labelled(handled, own);
    }

    /** Labels the result of a handler, which runs only after the handler has returned. */
    private static HandlerResult labelled(HandlerResult result, LabelSet labels) {
      Object value = result.getReturnValue();
      Object labelled =
          value instanceof Mono<?> mono
              ? labelled(mono, labels)
              : value instanceof Flux<?> flux ? labelled(flux, labels) : value;
      if (labelled == value || labels.isEmpty()) {
        return result;
      }
      HandlerResult changed =
          new HandlerResult(
              result.getHandler(),
              labelled,
              result.getReturnTypeSource(),
              result.getBindingContext());
      changed.setExceptionHandler(result.getExceptionHandler());
      return changed;
    }

    private static <T> Mono<T> labelled(Mono<T> source, LabelSet labels) {
      return new MonoOperator<T, T>(source) {
        @Override
        public void subscribe(CoreSubscriber<? super T> subscriber) {
          ProfileLabels.run(labels, () -> source.subscribe(subscriber));
        }
      }.contextWrite(context -> context.put(RequestLabels.KEY, labels));
    }

    private static <T> Flux<T> labelled(Flux<T> source, LabelSet labels) {
      return new FluxOperator<T, T>(source) {
        @Override
        public void subscribe(CoreSubscriber<? super T> subscriber) {
          ProfileLabels.run(labels, () -> source.subscribe(subscriber));
        }
      }.contextWrite(context -> context.put(RequestLabels.KEY, labels));
    }
  }
}
