package dev.psc.testkit;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.otlp.OtlpProfileSink;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The OTLP service of an embedded store: it stores profiles as pprof, like {@code WriteRaw}. */
final class OtlpService implements BindableService {

  static final String SERVICE =
      "opentelemetry.proto.collector.profiles.v1development.ProfilesService";

  private final StoreService store;

  OtlpService(StoreService store) {
    this.store = store;
  }

  @Override
  public ServerServiceDefinition bindService() {
    MethodDescriptor<byte[], byte[]> export =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Export"))
            .build();
    return ServerServiceDefinition.builder(SERVICE)
        .addMethod(export, ServerCalls.asyncUnaryCall(this::export))
        .build();
  }

  private void export(byte[] request, StreamObserver<byte[]> observer) {
    store.write(() -> read(request), failure -> answer(observer, failure));
  }

  private static List<RawProfile> read(byte[] request) throws StrictCheck.RefusedException {
    try {
      return OtlpProfileSink.decode(request);
    } catch (IllegalArgumentException e) {
      throw new StrictCheck.RefusedException(String.valueOf(e.getMessage()));
    }
  }

  private static void answer(
      StreamObserver<byte[]> observer, @Nullable StatusRuntimeException failure) {
    if (failure != null) {
      observer.onError(failure);
    } else {
      observer.onNext(new byte[0]);
      observer.onCompleted();
    }
  }

  /** Passes messages as they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
