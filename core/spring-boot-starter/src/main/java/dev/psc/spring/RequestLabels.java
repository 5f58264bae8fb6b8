package dev.psc.spring;

import dev.psc.label.LabelSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The labels of a request: the pattern of its route and its tenant. Thread-safe. */
final class RequestLabels {

  static final String ROUTE = "http_route";
  static final String TENANT = "tenant";

  /** The key of the labels in Reactor's context. */
  static final String KEY = "psc.labels";

  private static final Logger logger = LoggerFactory.getLogger(RequestLabels.class);

  private final @Nullable TenantResolver tenants;
  private final AtomicBoolean reported = new AtomicBoolean();

  RequestLabels(@Nullable TenantResolver tenants) {
    this.tenants = tenants;
  }

  /**
   * Returns the labels.
   *
   * @param pattern the pattern of the route, or null if no pattern matched; never a raw path
   */
  LabelSet of(@Nullable Object pattern, Object request) {
    LabelSet.Builder labels = LabelSet.builder();
    String route = pattern == null ? "" : pattern.toString();
    if (!route.isEmpty()) {
      labels.set(ROUTE, route);
    }
    String tenant = tenant(request);
    if (tenant != null && !tenant.isEmpty()) {
      labels.set(TENANT, tenant);
    }
    return labels.build();
  }

  private @Nullable String tenant(Object request) {
    if (tenants == null) {
      return null;
    }
    try {
      return tenants.tenant(request);
    } catch (RuntimeException e) {
      if (reported.compareAndSet(false, true)) {
        logger.warn("Tenant resolver failed; its requests have no tenant label", e);
      }
      return null;
    }
  }
}
