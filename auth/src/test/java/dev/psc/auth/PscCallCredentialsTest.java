package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Attributes;
import io.grpc.CallCredentials.MetadataApplier;
import io.grpc.CallCredentials.RequestInfo;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.SecureRandom;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests the decision about sending a token, without a transport. */
@SuppressWarnings("AddressSelection") // Literals, which are not resolved.
class PscCallCredentialsTest {

  private static final TokenSource SOURCE =
      TokenSource.fixed(ServiceAccountToken.generate(new SecureRandom()));

  private record To(SecurityLevel level, @Nullable SocketAddress address, String authority) {

    To(SecurityLevel level, @Nullable SocketAddress address) {
      this(level, address, "store:443");
    }
  }

  /** Returns the refusal, or nothing if the token was sent. */
  private static Optional<Status> apply(PscAuthInterceptor.Builder builder, To to) {
    Attributes attributes =
        to.address() == null
            ? Attributes.EMPTY
            : Attributes.newBuilder().set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, to.address()).build();
    RequestInfo info =
        new RequestInfo() {
          @Override
          public MethodDescriptor<?, ?> getMethodDescriptor() {
            return TestServer.UNARY;
          }

          @Override
          public SecurityLevel getSecurityLevel() {
            return to.level();
          }

          @Override
          public String getAuthority() {
            return to.authority();
          }

          @Override
          public Attributes getTransportAttrs() {
            return attributes;
          }
        };
    Metadata[] sent = new Metadata[1];
    Status[] refused = new Status[1];
    builder
        .buildCallCredentials()
        .applyRequestMetadata(
            info,
            Runnable::run,
            new MetadataApplier() {
              @Override
              public void apply(Metadata headers) {
                sent[0] = headers;
              }

              @Override
              public void fail(Status status) {
                refused[0] = status;
              }
            });
    assertThat(sent[0] == null).as("either sent or refused").isNotEqualTo(refused[0] == null);
    return Optional.ofNullable(refused[0]);
  }

  private static PscAuthInterceptor.Builder builder() {
    return PscAuthInterceptor.builder(SOURCE, ProjectId.random());
  }

  private static final InetSocketAddress LOOPBACK = new InetSocketAddress("127.0.0.1", 1);
  private static final To TLS = new To(SecurityLevel.PRIVACY_AND_INTEGRITY, null);
  private static final To HERE = new To(SecurityLevel.NONE, LOOPBACK, "localhost:443");
  private static final To ELSEWHERE =
      new To(SecurityLevel.NONE, new InetSocketAddress("192.0.2.1", 1));

  @Test
  void onlyEncryptionWillDoUnlessPlaintextIsAllowed() {
    assertThat(apply(builder(), TLS)).isEmpty();
    assertThat(apply(builder(), HERE)).isPresent();
    assertThat(apply(builder(), new To(SecurityLevel.INTEGRITY, null))).isPresent();
    assertThat(apply(builder().allowPlaintextToken(), ELSEWHERE)).isEmpty();
  }

  @Test
  void loopbackIsKnownByTheAddressOfTheConnection() {
    assertThat(apply(builder().allowPlaintextOnLoopback(), HERE)).isEmpty();
    assertThat(apply(builder().allowPlaintextOnLoopback(), TLS)).isEmpty();
    for (SocketAddress address :
        new SocketAddress[] {
          new InetSocketAddress("192.0.2.1", 1), InetSocketAddress.createUnresolved("localhost", 1)
        }) {
      assertThat(
              apply(builder().allowPlaintextOnLoopback(), new To(SecurityLevel.NONE, address))
                  .orElseThrow()
                  .getDescription())
          .contains("store:443", "not a loopback address");
    }
    assertThat(apply(builder().allowPlaintextOnLoopback(), new To(SecurityLevel.NONE, null)))
        .isPresent();
  }

  @Test
  void refusesPlaintextThroughAProxyOnLoopback() {
    for (String store :
        new String[] {"store:443", "192.0.2.1:443", "[2001:db8::1]:443", "2001:db8::1"}) {
      assertThat(
              apply(
                      builder().allowPlaintextOnLoopback(),
                      new To(SecurityLevel.NONE, LOOPBACK, store))
                  .orElseThrow()
                  .getDescription())
          .contains(store, "not a loopback address");
    }
    for (String store : new String[] {"127.0.0.1:443", "[::1]:443", "::1", "localhost"}) {
      assertThat(
              apply(
                  builder().allowPlaintextOnLoopback(),
                  new To(SecurityLevel.NONE, LOOPBACK, store)))
          .isEmpty();
    }
  }

  @Test
  void failsTheCallWhenTheTokenSourceThrowsAnError() {
    TokenSource broken =
        TokenSource.of(
            () -> {
              throw new NoClassDefFoundError("secret");
            });
    Status status =
        apply(PscAuthInterceptor.builder(broken, ProjectId.random()), TLS).orElseThrow();
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(status.getDescription()).contains("NoClassDefFoundError").doesNotContain("secret");
  }

  @Test
  void aSourceWithoutATokenFailsTheCallInItsWords() {
    TokenSource empty =
        TokenSource.of(
            () -> {
              throw new TokenUnavailableException("the vault is locked", null);
            });
    Status status = apply(PscAuthInterceptor.builder(empty, ProjectId.random()), TLS).orElseThrow();
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(status.getDescription()).isEqualTo("no token: the vault is locked");
  }

  @Test
  void tellsAheadWhichHostsMayHavePlaintext() {
    for (String host : new String[] {"store.test", "127.0.0.1", "192.0.2.1"}) {
      assertThat(builder().build().mayUsePlaintext(host)).isFalse();
      assertThat(builder().allowPlaintextToken().build().mayUsePlaintext(host)).isTrue();
    }
    PscAuthInterceptor loopback = builder().allowPlaintextOnLoopback().build();
    assertThat(loopback.mayUsePlaintext("127.0.0.1")).isTrue();
    assertThat(loopback.mayUsePlaintext("192.0.2.1")).isFalse();
    assertThat(loopback.mayUsePlaintext("localhost")).isTrue();
    assertThat(loopback.mayUsePlaintext("store.test")).as("may be another machine").isFalse();
  }
}
