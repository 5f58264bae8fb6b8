package dev.psc.store;

import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;

/**
 * A registry of the gRPC services that a jar lacks if its build does not merge the files below
 * {@code META-INF/services}: a resolver for {@code dns}, and {@code pick_first}.
 */
final class LostServices {

  private static final String DNS = "io.grpc.internal.DnsNameResolverProvider";
  private static final String PICK_FIRST = "io.grpc.internal.PickFirstLoadBalancerProvider";

  private LostServices() {}

  /** Registers the missing services, if any. */
  static void restore() {
    NameResolverRegistry resolvers = NameResolverRegistry.getDefaultRegistry();
    if (resolvers.getProviderForScheme("dns") == null) {
      resolvers.register(create(DNS, NameResolverProvider.class));
    }
    LoadBalancerRegistry balancers = LoadBalancerRegistry.getDefaultRegistry();
    if (balancers.getProvider("pick_first") == null) {
      balancers.register(create(PICK_FIRST, LoadBalancerProvider.class));
    }
  }

  private static <T> T create(String name, Class<T> type) {
    try {
      return type.cast(Class.forName(name).getDeclaredConstructor().newInstance());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          name
              + " is missing: add grpc-core to the class path; a shaded jar must keep its"
              + " META-INF/services files",
          e);
    }
  }
}
