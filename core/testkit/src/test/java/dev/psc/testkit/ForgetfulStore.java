package dev.psc.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.BitSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.GZIPInputStream;

/** A store that keeps one bit per profile, so that it does not affect memory measurements. */
final class ForgetfulStore extends ProfileStoreServiceGrpc.ProfileStoreServiceImplBase
    implements AutoCloseable {

  private static final int TIME_NANOS = 9;

  private final Queue<Status> failures = new ConcurrentLinkedQueue<>();
  private final BitSet seen = new BitSet();
  private final Server server;
  private long taken;

  ForgetfulStore() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(this)
            .build()
            .start();
  }

  int port() {
    return server.getPort();
  }

  void failNext(int calls, Status status) {
    for (int i = 0; i < calls; i++) {
      failures.add(status);
    }
  }

  /** Returns the number of received numbers from 0 without a gap. */
  synchronized int complete() {
    return seen.nextClearBit(0);
  }

  /** Returns the number of received profiles, duplicates included. */
  synchronized long taken() {
    return taken;
  }

  @Override
  public void writeRaw(WriteRawRequest request, StreamObserver<WriteRawResponse> answer) {
    Status failure = failures.poll();
    if (failure != null) {
      answer.onError(failure.asRuntimeException());
      return;
    }
    try {
      for (RawProfileSeries series : request.getSeriesList()) {
        for (RawSample sample : series.getSamplesList()) {
          take(DeliveryRig.id(timeNanos(sample.getRawProfile())));
        }
      }
    } catch (IOException e) {
      answer.onError(Status.INVALID_ARGUMENT.withCause(e).asRuntimeException());
      return;
    }
    answer.onNext(WriteRawResponse.getDefaultInstance());
    answer.onCompleted();
  }

  private synchronized void take(int id) {
    seen.set(id);
    taken++;
  }

  private static long timeNanos(ByteString pprof) throws IOException {
    try (GZIPInputStream bytes = new GZIPInputStream(pprof.newInput())) {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      int tag;
      while ((tag = in.readTag()) != 0) {
        if (WireFormat.getTagFieldNumber(tag) == TIME_NANOS) {
          return in.readInt64();
        }
        if (!in.skipField(tag)) {
          break;
        }
      }
    }
    throw new IOException("a profile without a time");
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
