package dev.psc.examples.benchmarks.scraper;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A store that accepts everything, counts the profiles and discards them, over plaintext on
 * loopback. Runs until the process ends.
 */
final class CountingStore {

  private static final String SERVICE = "parca.profilestore.v1alpha1.ProfileStoreService";
  private static final int MAX_MESSAGE_BYTES = 256 << 20;

  /** Field numbers of the request's {@code series} and of its {@code samples}. */
  private static final int FIELD = 2;

  private final AtomicLong profiles = new AtomicLong();
  private final Server server;

  private CountingStore() throws IOException {
    MethodDescriptor<Integer, Integer> write =
        MethodDescriptor.newBuilder(new Counts(), new Counts())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "WriteRaw"))
            .build();
    server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .directExecutor()
            .addService(
                ServerServiceDefinition.builder(SERVICE)
                    .addMethod(
                        write,
                        ServerCalls.asyncUnaryCall(
                            (count, response) -> {
                              profiles.addAndGet(count);
                              response.onNext(0);
                              response.onCompleted();
                            }))
                    .build())
            .build()
            .start();
  }

  static CountingStore start() throws IOException {
    return new CountingStore();
  }

  int port() {
    return server.getPort();
  }

  /** Returns how many profiles have arrived. */
  long profiles() {
    return profiles.get();
  }

  /** Reads how many profiles a request has, and writes an empty message. */
  private static final class Counts implements MethodDescriptor.Marshaller<Integer> {

    @Override
    public InputStream stream(Integer count) {
      return new ByteArrayInputStream(new byte[0]);
    }

    @Override
    public Integer parse(InputStream request) {
      try {
        CodedInputStream in = CodedInputStream.newInstance(request);
        in.setSizeLimit(Integer.MAX_VALUE);
        return series(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static int series(CodedInputStream in) throws IOException {
      int profiles = 0;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag != (FIELD << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED)) {
          in.skipField(tag);
          continue;
        }
        int outer = in.pushLimit(in.readRawVarint32());
        for (int inner = in.readTag(); inner != 0; inner = in.readTag()) {
          profiles += inner == (FIELD << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED) ? 1 : 0;
          in.skipField(inner);
        }
        in.popLimit(outer);
      }
      return profiles;
    }
  }
}
