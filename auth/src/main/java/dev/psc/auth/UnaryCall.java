package dev.psc.auth;

import dev.psc.net.DaemonThreads;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A unary call that is repeated once if the store rejects the token and the source has another one.
 *
 * <p>The actions of the caller (start, request, send, half-close, cancel) are recorded and passed
 * on in the order of {@link #order}, since the answer to a rejected attempt may arrive before the
 * caller's thread continues. No method blocks or holds a lock.
 */
final class UnaryCall<Q, R> extends ClientCall<Q, R> {

  private static final long LOOK_AGAIN_LIMIT_MILLIS = 5_000;

  private final PscCallCredentials credentials;
  private final MethodDescriptor<Q, R> method;
  private final CallOptions options;
  private final Channel next;
  private final Context context = Context.current();
  private final SynchronizationContext order =
      new SynchronizationContext((thread, problem) -> failed(problem));

  private volatile ClientCall<Q, R> call;
  private CallAttempt attempt;

  // Written and read in `order` only.
  private ClientCall.@Nullable Listener<R> listener;
  private @Nullable Metadata headers;
  private @Nullable Q message;
  private int requested;
  private boolean halfClosed;
  private @Nullable Boolean compression;
  private boolean waiting;
  private boolean cancelled;

  UnaryCall(
      PscCallCredentials credentials,
      MethodDescriptor<Q, R> method,
      CallOptions options,
      Channel next) {
    this.credentials = credentials;
    this.method = method;
    this.options = options;
    this.next = next;
    attempt = new CallAttempt(credentials, options.getCredentials());
    call = next.newCall(method, options.withCallCredentials(attempt));
  }

  @Override
  public void start(ClientCall.Listener<R> responseListener, Metadata requestHeaders) {
    attempt.check(requestHeaders);
    Metadata kept = new Metadata();
    kept.merge(requestHeaders);
    order.execute(
        () -> {
          listener = responseListener;
          headers = kept;
          call.start(new FirstListener(responseListener, attempt), requestHeaders);
        });
  }

  @Override
  public void request(int numMessages) {
    order.execute(
        () -> {
          requested += numMessages;
          if (!waiting) {
            call.request(numMessages);
          }
        });
  }

  @Override
  public void sendMessage(Q request) {
    order.execute(
        () -> {
          message = request;
          if (!waiting) {
            call.sendMessage(request);
          }
        });
  }

  @Override
  public void halfClose() {
    order.execute(
        () -> {
          halfClosed = true;
          if (!waiting) {
            call.halfClose();
          }
        });
  }

  @Override
  public void setMessageCompression(boolean enabled) {
    order.execute(
        () -> {
          compression = enabled;
          if (!waiting) {
            call.setMessageCompression(enabled);
          }
        });
  }

  @Override
  public void cancel(@Nullable String reason, @Nullable Throwable cause) {
    order.execute(
        () -> {
          cancelled = true;
          if (waiting) {
            waiting = false;
            deliver(Status.CANCELLED.withDescription(reason).withCause(cause), new Metadata());
          } else {
            call.cancel(reason, cause);
          }
        });
  }

  @Override
  public boolean isReady() {
    return call.isReady();
  }

  @Override
  public Attributes getAttributes() {
    return call.getAttributes();
  }

  private void failed(Throwable problem) {
    call.cancel("the call was used incorrectly, or failed internally", problem);
  }

  private void lookAgain(Status refusal, Metadata trailers) {
    waiting = true;
    long limitMillis = LOOK_AGAIN_LIMIT_MILLIS;
    Deadline deadline = options.getDeadline();
    if (deadline != null) {
      limitMillis = Math.min(limitMillis, deadline.timeRemaining(TimeUnit.MILLISECONDS));
    }
    BearerToken refused = attempt.used();
    CompletableFuture<BearerToken> unused =
        TokenReread.of(credentials.source)
            .orTimeout(Math.max(limitMillis, 1), TimeUnit.MILLISECONDS)
            .whenComplete(
                (token, problem) ->
                    order.execute(
                        () -> {
                          if (!waiting) {
                            return;
                          }
                          waiting = false;
                          if (problem == null && !token.equals(refused)) {
                            context.run(this::repeat);
                          } else {
                            deliver(explained(refusal), trailers);
                          }
                        }));
  }

  private Status explained(Status refusal) {
    return AccessHints.enrich(refusal, attempt.used(), credentials.project);
  }

  private void repeat() {
    ClientCall.Listener<R> to = listener;
    Metadata with = headers;
    if (to == null || with == null) {
      throw new IllegalStateException("a call that was never started was refused");
    }
    CallAttempt second = new CallAttempt(credentials, options.getCredentials());
    attempt = second;
    ClientCall<Q, R> again = next.newCall(method, options.withCallCredentials(second));
    call = again;
    again.start(new LastListener(to, second), with);
    if (compression != null) {
      again.setMessageCompression(compression);
    }
    if (requested > 0) {
      again.request(requested);
    }
    if (message != null) {
      again.sendMessage(message);
    }
    if (halfClosed) {
      again.halfClose();
    }
  }

  /** Closes the call on the executor of the caller, as a blocking stub waits for it. */
  private void deliver(Status status, Metadata trailers) {
    ClientCall.Listener<R> to = listener;
    if (to != null) {
      Runnable close = () -> to.onClose(status, trailers);
      Executor executor = options.getExecutor();
      if (executor != null) {
        executor.execute(close);
        return;
      }
      // Refusals are rare, and the common pool may be blocked by the application.
      DaemonThreads.named("psc-auth-refusal").newThread(close).start();
    }
  }

  /** A listener that adds hints to a refusal. */
  private class LastListener extends SimpleForwardingClientCallListener<R> {

    private final CallAttempt of;

    LastListener(ClientCall.Listener<R> to, CallAttempt of) {
      super(to);
      this.of = of;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      super.onClose(AccessHints.enrich(status, of.used(), credentials.project), trailers);
    }
  }

  /** A listener that holds a refusal back until the token has been reread. */
  private final class FirstListener extends LastListener {

    private boolean answered;

    FirstListener(ClientCall.Listener<R> to, CallAttempt of) {
      super(to, of);
    }

    @Override
    public void onHeaders(Metadata responseHeaders) {
      answered = true;
      super.onHeaders(responseHeaders);
    }

    @Override
    public void onMessage(R response) {
      answered = true;
      super.onMessage(response);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      boolean refusedByStore =
          status.getCode() == Status.Code.UNAUTHENTICATED
              && !(status.getCause() instanceof ClientSideRefusal);
      if (!refusedByStore || answered) {
        super.onClose(status, trailers);
        return;
      }
      order.execute(
          () -> {
            if (message instanceof InputStream) {
              deliver(AccessHints.enrich(status, attempt.used(), credentials.project), trailers);
            } else {
              lookAgain(status, trailers);
            }
          });
    }
  }
}
