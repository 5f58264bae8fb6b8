package dev.psc.store;

import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** A store on a real socket with scripted answers, which keeps the requests. */
final class FakeStore implements AutoCloseable {

  final List<WriteRawRequest> requests = new CopyOnWriteArrayList<>();
  private volatile BiConsumer<WriteRawRequest, StreamObserver<WriteRawResponse>> answer =
      (request, observer) -> {
        observer.onNext(WriteRawResponse.getDefaultInstance());
        observer.onCompleted();
      };
  private final Server server;
  private final ManagedChannel channel;

  FakeStore() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                new ProfileStoreServiceGrpc.ProfileStoreServiceImplBase() {
                  @Override
                  public void writeRaw(
                      WriteRawRequest request, StreamObserver<WriteRawResponse> observer) {
                    requests.add(request);
                    answer.accept(request, observer);
                  }
                })
            .build()
            .start();
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
            .usePlaintext()
            .disableRetry()
            .build();
  }

  void answer(BiConsumer<WriteRawRequest, StreamObserver<WriteRawResponse>> answer) {
    this.answer = answer;
  }

  void fail(RuntimeException failure) {
    answer = (request, observer) -> observer.onError(failure);
  }

  ManagedChannel channel() {
    return channel;
  }

  int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }
}
