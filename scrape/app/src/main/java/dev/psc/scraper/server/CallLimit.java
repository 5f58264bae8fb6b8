package dev.psc.scraper.server;

import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicInteger;

/** A limit on the open gRPC calls of all connections. Thread-safe. */
final class CallLimit implements ServerInterceptor {

  private final int limit;
  private final AtomicInteger open = new AtomicInteger();

  CallLimit(int limit) {
    this.limit = limit;
  }

  /** Returns the number of calls that have neither ended nor been cancelled. */
  int open() {
    return open.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (open.incrementAndGet() > limit) {
      open.decrementAndGet();
      call.close(
          Status.RESOURCE_EXHAUSTED.withDescription("more than " + limit + " open calls"),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    boolean started = false;
    try {
      ServerCall.Listener<Q> listener = next.startCall(call, headers);
      started = true;
      return new Counted<>(listener);
    } finally {
      if (!started) {
        open.decrementAndGet();
      }
    }
  }

  /** gRPC calls exactly one of {@code onCancel} and {@code onComplete}, once. */
  private final class Counted<Q>
      extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {

    Counted(ServerCall.Listener<Q> listener) {
      super(listener);
    }

    @Override
    public void onCancel() {
      open.decrementAndGet();
      super.onCancel();
    }

    @Override
    public void onComplete() {
      open.decrementAndGet();
      super.onComplete();
    }
  }
}
