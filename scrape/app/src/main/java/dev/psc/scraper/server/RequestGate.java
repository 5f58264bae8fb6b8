package dev.psc.scraper.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A limit on the gRPC calls whose request is being read, because an incomplete message is in
 * memory. Further calls wait, and buffer no more than the flow-control window. While others wait, a
 * request that does not arrive in time ends its call. Thread-safe.
 */
final class RequestGate implements ServerInterceptor {

  private final int limit;
  private final long patienceNanos;
  private final ScheduledExecutorService timer;

  // Guarded by this.
  private final Deque<Gated<?, ?>> waiting = new ArrayDeque<>();
  private final Deque<Gated<?, ?>> reading = new ArrayDeque<>();
  private boolean scheduled;

  RequestGate(int limit, Duration patience, ScheduledExecutorService timer) {
    this.limit = limit;
    this.patienceNanos = patience.toNanos();
    this.timer = timer;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Gated<Q, A> gated = new Gated<>(call);
    return new Released<>(gated, next.startCall(gated, headers));
  }

  private enum State {
    NEW,
    WAITING,
    READING,
    ARRIVED,
    ENDED
  }

  /** Requests the message of a call when its turn comes. */
  private final class Gated<Q, A> extends SimpleForwardingServerCall<Q, A> {

    // Guarded by the gate.
    private State state = State.NEW;
    private int requested;
    private long sinceNanos;

    Gated(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    public void request(int messages) {
      synchronized (RequestGate.this) {
        if (state == State.NEW || state == State.WAITING) {
          requested += messages;
          if (state == State.NEW) {
            state = State.WAITING;
            waiting.add(this);
          }
        } else {
          super.request(messages);
          return;
        }
      }
      advance();
    }

    private void read() {
      super.request(requested);
    }
  }

  /** Lets waiting calls read, and ends calls that have kept them waiting for too long. */
  private void advance() {
    List<Gated<?, ?>> admitted = new ArrayList<>();
    List<Gated<?, ?>> late = new ArrayList<>();
    synchronized (this) {
      long now = System.nanoTime();
      while (!waiting.isEmpty()) {
        Gated<?, ?> oldest = reading.peek();
        if (reading.size() >= limit && oldest != null) {
          if (now - oldest.sinceNanos < patienceNanos) {
            break;
          }
          reading.remove();
          oldest.state = State.ENDED;
          late.add(oldest);
        }
        Gated<?, ?> next = waiting.remove();
        next.state = State.READING;
        next.sinceNanos = now;
        reading.add(next);
        admitted.add(next);
      }
      Gated<?, ?> oldest = reading.peek();
      if (!waiting.isEmpty() && oldest != null && !scheduled && !timer.isShutdown()) {
        scheduled = true;
        var unused =
            timer.schedule(
                this::patienceEnded, oldest.sinceNanos + patienceNanos - now, TimeUnit.NANOSECONDS);
      }
    }
    // The handler of a call does nothing before the request, so no other thread uses the call.
    late.forEach(
        call ->
            call.close(
                Status.DEADLINE_EXCEEDED.withDescription("the request did not arrive in time"),
                new Metadata()));
    admitted.forEach(Gated::read);
  }

  private void patienceEnded() {
    synchronized (this) {
      scheduled = false;
    }
    advance();
  }

  /** Returns whether the handler gets the request: not if the call was ended meanwhile. */
  private boolean arrived(Gated<?, ?> call) {
    synchronized (this) {
      if (call.state == State.ENDED) {
        return false;
      }
      leave(call, State.ARRIVED);
    }
    advance();
    return true;
  }

  private void ended(Gated<?, ?> call) {
    synchronized (this) {
      leave(call, State.ENDED);
    }
    advance();
  }

  private void leave(Gated<?, ?> call, State next) {
    if (call.state == State.WAITING) {
      waiting.remove(call);
    } else if (call.state == State.READING) {
      reading.remove(call);
    }
    call.state = next;
  }

  private final class Released<Q> extends SimpleForwardingServerCallListener<Q> {

    private final Gated<Q, ?> call;

    Released(Gated<Q, ?> call, ServerCall.Listener<Q> listener) {
      super(listener);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      if (arrived(call)) {
        super.onMessage(message);
      }
    }

    @Override
    public void onHalfClose() {
      if (arrived(call)) {
        super.onHalfClose();
      }
    }

    @Override
    public void onCancel() {
      ended(call);
      super.onCancel();
    }

    @Override
    public void onComplete() {
      ended(call);
      super.onComplete();
    }
  }
}
