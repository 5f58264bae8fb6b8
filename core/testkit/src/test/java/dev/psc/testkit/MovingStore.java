package dev.psc.testkit;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.StatusOr;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** A resolver of {@code moving:///store}, whose address changes like that of a service in DNS. */
final class MovingStore extends NameResolverProvider {

  static final String TARGET = "moving:///store";

  private volatile int port;
  final AtomicInteger lookUps = new AtomicInteger();

  MovingStore(int port) {
    this.port = port;
  }

  void moveTo(int newPort) {
    port = newPort;
  }

  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    return new NameResolver() {
      private Listener2 listener;

      @Override
      public String getServiceAuthority() {
        return "store";
      }

      @Override
      public void start(Listener2 newListener) {
        listener = newListener;
        lookUp();
      }

      @Override
      public void refresh() {
        lookUp();
      }

      private void lookUp() {
        lookUps.incrementAndGet();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        listener.onResult(
            ResolutionResult.newBuilder()
                .setAddressesOrError(
                    StatusOr.fromValue(List.of(new EquivalentAddressGroup(address))))
                .build());
      }

      @Override
      public void shutdown() {}
    };
  }

  @Override
  public String getDefaultScheme() {
    return "moving";
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return 5;
  }
}
