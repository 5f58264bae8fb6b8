package dev.psc.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.otlp.OtlpProfileSink;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
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
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The OTLP service of an embedded store: it stores profiles as pprof, like {@code WriteRaw}. */
final class OtlpService implements BindableService {

  static final String SERVICE =
      "opentelemetry.proto.collector.profiles.v1development.ProfilesService";

  private static final String POISONED = "invalid profile: poisoned for the test";

  /** The method of OTLP over gRPC, with messages as bytes. */
  static final MethodDescriptor<byte[], byte[]> EXPORT =
      MethodDescriptor.newBuilder(new Bytes(), new Bytes())
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Export"))
          .build();

  private final StoreService store;
  private final StoreFaults faults;

  OtlpService(StoreService store, StoreFaults faults) {
    this.store = store;
    this.faults = faults;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(SERVICE)
        .addMethod(EXPORT, ServerCalls.asyncUnaryCall(this::export))
        .build();
  }

  private void export(byte[] request, StreamObserver<byte[]> observer) {
    Rejections rejections = new Rejections();
    store.write(() -> read(request, rejections), failure -> answer(observer, failure, rejections));
  }

  /** The profiles of a request that are not stored although the others are. */
  private static final class Rejections {

    private long profiles;

    void add(RawProfile profile) throws StrictCheck.RefusedException {
      try {
        // A profile of OTLP has one sample type.
        profiles += Profile.parse(profile.pprof()).sampleTypes().size();
      } catch (PprofException e) {
        throw new StrictCheck.RefusedException("invalid profile: " + e.getMessage(), e);
      }
    }

    /** Returns {@code ExportProfilesServiceResponse}, with a partial success if there is one. */
    byte[] response() {
      if (profiles == 0) {
        return new byte[0];
      }
      ByteString partial =
          UnknownFieldSet.newBuilder()
              .addField(1, UnknownFieldSet.Field.newBuilder().addVarint(profiles).build())
              .addField(
                  2,
                  UnknownFieldSet.Field.newBuilder()
                      .addLengthDelimited(ByteString.copyFromUtf8(POISONED))
                      .build())
              .build()
              .toByteString();
      return UnknownFieldSet.newBuilder()
          .addField(1, UnknownFieldSet.Field.newBuilder().addLengthDelimited(partial).build())
          .build()
          .toByteArray();
    }
  }

  private List<RawProfile> read(byte[] request, Rejections rejections)
      throws StrictCheck.RefusedException {
    List<RawProfile> given;
    try {
      given = OtlpProfileSink.decode(request);
    } catch (IllegalArgumentException e) {
      throw new StrictCheck.RefusedException(String.valueOf(e.getMessage()));
    }
    Predicate<RawProfile> poison = faults.poison();
    List<RawProfile> good = new ArrayList<>();
    for (RawProfile profile : given) {
      if (poison.test(profile)) {
        rejections.add(profile);
      } else {
        good.add(profile);
      }
    }
    if (good.isEmpty() && !given.isEmpty()) {
      throw new StrictCheck.RefusedException(POISONED);
    }
    return good;
  }

  private static void answer(
      StreamObserver<byte[]> observer,
      @Nullable StatusRuntimeException failure,
      Rejections rejections) {
    if (failure != null) {
      observer.onError(failure);
    } else {
      observer.onNext(rejections.response());
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
