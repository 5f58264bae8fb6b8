package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests the calls of the transport, without a transport. */
class UnaryCallTest {

  private static final SecureRandom RANDOM = new SecureRandom();

  /** A call that records its methods. */
  private static final class Recorded extends ClientCall<String, String> {
    final List<String> events = new ArrayList<>();
    boolean ready;
    ClientCall.@Nullable Listener<String> listener;

    @Override
    public void start(ClientCall.Listener<String> responseListener, Metadata headers) {
      listener = responseListener;
      events.add("start");
    }

    @Override
    public void request(int numMessages) {
      events.add("request " + numMessages);
    }

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
      events.add("cancel " + message);
    }

    @Override
    public void halfClose() {
      events.add("halfClose");
    }

    @Override
    public void sendMessage(String message) {
      if (message.equals("broken")) {
        throw new IllegalStateException("a marshaller that throws");
      }
      events.add("send " + message);
    }

    @Override
    public void setMessageCompression(boolean enabled) {
      events.add("compression " + enabled);
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public Attributes getAttributes() {
      return Attributes.EMPTY;
    }
  }

  private final List<Recorded> calls = new ArrayList<>();
  private final CompletableFuture<BearerToken> reread = new CompletableFuture<>();
  private final List<Metadata> started = new ArrayList<>();
  private final CompletableFuture<Thread> closedOn = new CompletableFuture<>();
  private final CompletableFuture<Status> closed = new CompletableFuture<>();

  private ClientCall<String, String> call() {
    TokenSource source =
        new TokenSource() {
          @Override
          public BearerToken token() {
            return ServiceAccountToken.generate(RANDOM);
          }

          @Override
          public CompletableFuture<BearerToken> reread() {
            return reread;
          }
        };
    Channel transport =
        new Channel() {
          @Override
          @SuppressWarnings("unchecked")
          public <Q, R> ClientCall<Q, R> newCall(
              MethodDescriptor<Q, R> method, CallOptions options) {
            calls.add(new Recorded());
            return (ClientCall<Q, R>) calls.get(calls.size() - 1);
          }

          @Override
          public String authority() {
            return "store";
          }
        };
    return PscAuthInterceptor.create(source, ProjectId.random())
        .interceptCall(TestServer.UNARY, CallOptions.DEFAULT, transport);
  }

  private void start(ClientCall<String, String> call) {
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata headers) {
            started.add(headers);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            closedOn.complete(Thread.currentThread());
            closed.complete(status);
          }
        },
        new Metadata());
  }

  private static void refuse(Recorded call) {
    call.listener.onClose(Status.UNAUTHENTICATED, new Metadata());
  }

  @Test
  void theRepeatedCallGetsAllThatTheFirstGot() {
    ClientCall<String, String> call = call();
    start(call);
    call.setMessageCompression(true);
    call.request(1);
    call.request(1);
    call.sendMessage("hi");
    call.halfClose();
    assertThat(calls.get(0).events)
        .containsExactly(
            "start", "compression true", "request 1", "request 1", "send hi", "halfClose");
    refuse(calls.get(0));
    assertThat(calls).hasSize(1);
    reread.complete(ServiceAccountToken.generate(RANDOM));
    assertThat(calls.get(1).events)
        .containsExactly("start", "compression true", "request 2", "send hi", "halfClose");
    refuse(calls.get(1));
    assertThat(calls).hasSize(2);
    assertThat(closed).isCompleted();
  }

  @Test
  void whatTheCallerDoesWhileTheSourceLooksGoesToTheRepeatedCallOnly() {
    ClientCall<String, String> call = call();
    start(call);
    refuse(calls.get(0));
    call.setMessageCompression(false);
    call.request(2);
    call.sendMessage("hi");
    call.halfClose();
    assertThat(calls.get(0).events).containsExactly("start");
    reread.complete(ServiceAccountToken.generate(RANDOM));
    assertThat(calls.get(1).events)
        .containsExactly("start", "compression false", "request 2", "send hi", "halfClose");
  }

  @Test
  void theRepeatedCallGetsNothingThatTheCallerDidNotDo() {
    ClientCall<String, String> call = call();
    start(call);
    refuse(calls.get(0));
    reread.complete(ServiceAccountToken.generate(RANDOM));
    assertThat(calls.get(1).events).containsExactly("start");
    call.sendMessage("late");
    assertThat(calls.get(1).events).containsExactly("start", "send late");
  }

  @Test
  void tellsTheHeadersOfTheAnswerAndDoesNotRepeatAfterThem() {
    start(call());
    Metadata headers = new Metadata();
    calls.get(0).listener.onHeaders(headers);
    assertThat(started).containsExactly(headers);
    refuse(calls.get(0));
    assertThat(closed).isCompleted();
    assertThat(calls).hasSize(1);
  }

  @Test
  void isReadyWhenTheCallOfNowIs() {
    ClientCall<String, String> call = call();
    start(call);
    assertThat(call.isReady()).isFalse();
    calls.get(0).ready = true;
    assertThat(call.isReady()).isTrue();
    assertThat(call.getAttributes()).isSameAs(Attributes.EMPTY);
    refuse(calls.get(0));
    reread.complete(ServiceAccountToken.generate(RANDOM));
    assertThat(call.isReady()).isFalse();
  }

  @Test
  void cancelsTheCallOfNow() {
    ClientCall<String, String> call = call();
    start(call);
    call.cancel("enough", null);
    assertThat(calls.get(0).events).containsExactly("start", "cancel enough");
  }

  @Test
  void cancelsWhenTheCallFailsInside() {
    ClientCall<String, String> call = call();
    start(call);
    call.sendMessage("broken");
    assertThat(calls.get(0).events).hasSize(2);
    assertThat(calls.get(0).events.get(1)).startsWith("cancel").contains("failed internally");
  }

  @Test
  void aRefusalComesOnADaemonThreadWhereTheCallHasNoExecutor() throws Exception {
    ClientCall<String, String> call = call();
    start(call);
    refuse(calls.get(0));
    reread.completeExceptionally(new IllegalStateException("no file"));
    Thread thread = closedOn.get(30, TimeUnit.SECONDS);
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread).isNotSameAs(Thread.currentThread());
    assertThat(closed.get(30, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(calls).hasSize(1);
  }

  @Test
  void answersOfOtherKindsAreHandedOnAsTheyAre() {
    start(call());
    calls.get(0).listener.onClose(Status.INVALID_ARGUMENT.withDescription("x"), new Metadata());
    assertThat(closed.join().getDescription()).isEqualTo("x");
    assertThat(calls).hasSize(1);
  }
}
