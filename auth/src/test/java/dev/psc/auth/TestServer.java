package dev.psc.auth;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A real gRPC server that echoes, keeps the metadata of each call, and refuses on request. */
public final class TestServer implements ServerInterceptor, AutoCloseable {

  public static final MethodDescriptor<String, String> UNARY = method("Unary", MethodType.UNARY);
  static final MethodDescriptor<String, String> CLIENT_STREAM =
      method("ClientStream", MethodType.CLIENT_STREAMING);
  static final MethodDescriptor<String, String> SERVER_STREAM =
      method("ServerStream", MethodType.SERVER_STREAMING);
  static final MethodDescriptor<String, String> BIDI = method("Bidi", MethodType.BIDI_STREAMING);

  static final Metadata.Key<String> AUTHORIZATION = key("authorization");
  static final Metadata.Key<String> PROJECT = key("projectid");

  private final List<Metadata> calls = new CopyOnWriteArrayList<>();
  private final Function<Metadata, Status> decision;
  private final Server server;

  private TestServer(ServerCredentials credentials, Function<Metadata, Status> decision)
      throws IOException {
    this.decision = decision;
    server =
        Grpc.newServerBuilderForPort(0, credentials)
            .addService(ServerInterceptors.intercept(echo(), this))
            .build()
            .start();
  }

  static TestServer plaintext(Function<Metadata, Status> decision) throws IOException {
    return new TestServer(InsecureServerCredentials.create(), decision);
  }

  static TestServer with(ServerCredentials credentials) throws IOException {
    return new TestServer(credentials, headers -> Status.OK);
  }

  /** Returns a server of the echo service behind an interceptor of the test. */
  public static Server behind(ServerInterceptor interceptor) throws IOException {
    return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(ServerInterceptors.intercept(echo(), interceptor))
        .build()
        .start();
  }

  static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static MethodDescriptor<String, String> method(String name, MethodType type) {
    return MethodDescriptor.<String, String>newBuilder()
        .setType(type)
        .setFullMethodName("test.Echo/" + name)
        .setRequestMarshaller(new Text())
        .setResponseMarshaller(new Text())
        .build();
  }

  private static ServerServiceDefinition echo() {
    return ServerServiceDefinition.builder("test.Echo")
        .addMethod(
            UNARY,
            ServerCalls.asyncUnaryCall(
                (request, response) -> {
                  response.onNext(request);
                  response.onCompleted();
                }))
        .addMethod(
            SERVER_STREAM,
            ServerCalls.asyncServerStreamingCall(
                (request, response) -> {
                  response.onNext(request);
                  response.onNext(request);
                  response.onCompleted();
                }))
        .addMethod(
            CLIENT_STREAM,
            ServerCalls.asyncClientStreamingCall(response -> new Joining(response, false)))
        .addMethod(
            BIDI, ServerCalls.asyncBidiStreamingCall(response -> new Joining(response, true)))
        .build();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    calls.add(headers);
    Status status = decision.apply(headers);
    if (!status.isOk()) {
      call.close(status, new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(call, headers);
  }

  List<Metadata> calls() {
    return calls;
  }

  Metadata lastCall() {
    return calls.get(calls.size() - 1);
  }

  int port() {
    return server.getPort();
  }

  /** Returns a plaintext channel to the server. */
  ManagedChannelBuilder<?> channel() {
    return ManagedChannelBuilder.forAddress("localhost", port()).usePlaintext();
  }

  /** Shuts a channel down. */
  public static void end(ManagedChannel channel) throws InterruptedException {
    channel.shutdownNow();
    if (!channel.awaitTermination(30, TimeUnit.SECONDS)) {
      throw new AssertionError("the channel did not end");
    }
  }

  InetSocketAddress address() {
    return new InetSocketAddress("localhost", port());
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static final class Joining implements StreamObserver<String> {
    private final StreamObserver<String> response;
    private final boolean each;
    private final StringBuilder all = new StringBuilder();

    Joining(StreamObserver<String> response, boolean each) {
      this.response = response;
      this.each = each;
    }

    @Override
    public void onNext(String value) {
      all.append(value);
      if (each) {
        response.onNext(value);
      }
    }

    @Override
    public void onError(Throwable problem) {}

    @Override
    public void onCompleted() {
      if (!each) {
        response.onNext(all.toString());
      }
      response.onCompleted();
    }
  }

  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream in) {
      try {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
