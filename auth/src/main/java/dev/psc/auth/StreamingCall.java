package dev.psc.auth;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;

/** An authenticated call that cannot be repeated, with hints added to a refusal. */
final class StreamingCall<Q, R> extends SimpleForwardingClientCall<Q, R> {

  private final PscCallCredentials credentials;
  private final CallAttempt attempt;

  StreamingCall(
      PscCallCredentials credentials,
      MethodDescriptor<Q, R> method,
      CallOptions options,
      Channel next) {
    this(
        credentials, method, options, next, new CallAttempt(credentials, options.getCredentials()));
  }

  private StreamingCall(
      PscCallCredentials credentials,
      MethodDescriptor<Q, R> method,
      CallOptions options,
      Channel next,
      CallAttempt attempt) {
    super(next.newCall(method, options.withCallCredentials(attempt)));
    this.credentials = credentials;
    this.attempt = attempt;
  }

  @Override
  public void start(ClientCall.Listener<R> listener, Metadata headers) {
    attempt.check(headers);
    super.start(
        new SimpleForwardingClientCallListener<R>(listener) {
          @Override
          public void onClose(Status status, Metadata trailers) {
            if (status.getCode() == Status.Code.UNAUTHENTICATED
                && !(status.getCause() instanceof ClientSideRefusal)) {
              CompletableFuture<BearerToken> unused = TokenReread.of(credentials.source);
            }
            super.onClose(
                AccessHints.enrich(status, attempt.used(), credentials.project), trailers);
          }
        },
        headers);
  }
}
