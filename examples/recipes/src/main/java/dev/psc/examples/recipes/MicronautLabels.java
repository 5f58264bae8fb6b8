package dev.psc.examples.recipes;

import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import io.micronaut.core.propagation.MutablePropagatedContext;
import io.micronaut.core.propagation.ThreadPropagatedContextElement;
import io.micronaut.http.BasicHttpAttributes;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import org.jspecify.annotations.Nullable;

/** Labels the samples of a request with the pattern of its route, e.g. {@code /orders/{id}}. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class MicronautLabels {

  @RequestFilter
  void label(HttpRequest<?> request, MutablePropagatedContext context) {
    BasicHttpAttributes.getUriTemplate(request)
        .ifPresent(route -> context.add(new Labels(LabelSet.of("http_route", route))));
  }

  /** Sets the labels on each thread that Micronaut continues the request on. */
  record Labels(LabelSet labels) implements ThreadPropagatedContextElement<ProfileLabels.Scope> {

    @Override
    public ProfileLabels.Scope updateThreadContext() {
      return ProfileLabels.scope(labels);
    }

    @Override
    public void restoreThreadContext(ProfileLabels.@Nullable Scope scope) {
      if (scope != null) {
        scope.close();
      }
    }
  }
}
