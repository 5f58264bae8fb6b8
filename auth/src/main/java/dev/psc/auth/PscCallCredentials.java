package dev.psc.auth;

import io.grpc.Attributes;
import io.grpc.CallCredentials;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.SecurityLevel;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Puts token, project and further headers on calls, and nothing on a channel that anybody can read.
 * It never waits: the token source answers from memory.
 */
final class PscCallCredentials extends CallCredentials {

  static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> PROJECT =
      Metadata.Key.of("projectid", Metadata.ASCII_STRING_MARSHALLER);

  final TokenSource source;
  final @Nullable ProjectId project;
  private final CallHeaders headers;
  private static final Pattern IP_ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:.*");
  private static final Pattern LOOPBACK_ADDRESS =
      Pattern.compile("127[.][0-9.]+|::1|::ffff:127[.][0-9.]+|(0+:){7}0*1");

  private final PlaintextPolicy plaintext;

  PscCallCredentials(
      TokenSource source,
      @Nullable ProjectId project,
      CallHeaders headers,
      PlaintextPolicy plaintext) {
    this.source = source;
    this.project = project;
    this.headers = headers;
    this.plaintext = plaintext;
  }

  @Override
  public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
    BearerToken unused = apply(info, applier);
  }

  /** Applies, and returns the token that was used, or null when the call was refused. */
  @Nullable BearerToken apply(RequestInfo info, MetadataApplier applier) {
    String refusal = plaintextRefusal(info);
    if (refusal != null) {
      applier.fail(ClientSideRefusal.status(Status.Code.UNAUTHENTICATED, refusal));
      return null;
    }
    BearerToken token;
    Metadata metadata;
    try {
      token = source.token();
      metadata = headers.toMetadata();
      metadata.put(AUTHORIZATION, "Bearer " + token.reveal());
      if (project != null) {
        metadata.put(PROJECT, project.value());
      }
    } catch (TokenUnavailableException e) {
      applier.fail(ClientSideRefusal.status(Status.Code.UNAUTHENTICATED, "no token: " + e.getMessage()));
      return null;
    } catch (RuntimeException e) {
      // Its message is not ours to show: a source of somebody else may put anything there.
      applier.fail(
          ClientSideRefusal.status(
              Status.Code.UNAUTHENTICATED,
              "no token: the token source failed with " + e.getClass().getName()));
      return null;
    }
    applier.apply(metadata);
    return token;
  }

  private @Nullable String plaintextRefusal(RequestInfo info) {
    if (plaintext == PlaintextPolicy.ALLOW
        || info.getSecurityLevel() == SecurityLevel.PRIVACY_AND_INTEGRITY) {
      return null;
    }
    if (plaintext == PlaintextPolicy.LOOPBACK) {
      return isLoopback(info.getTransportAttrs())
          ? null
          : "refused to send the token in plaintext to "
              + info.getAuthority()
              + ", which is not this machine: use TLS, or allow plaintext to everywhere";
    }
    return "refused to send the token in plaintext to "
        + info.getAuthority()
        + ": use TLS (https://), or allow plaintext explicitly";
  }

  boolean mayUsePlaintext(String host) {
    return switch (plaintext) {
      case REFUSE -> false;
      case ALLOW -> true;
      case LOOPBACK ->
          !IP_ADDRESS.matcher(host).matches() || LOOPBACK_ADDRESS.matcher(host).matches();
    };
  }

  private static boolean isLoopback(Attributes transport) {
    return transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress remote
        && remote.getAddress() != null
        && remote.getAddress().isLoopbackAddress();
  }

  /** Returns the name that both carry, so that sending it would mean two values, or null. */
  @Nullable String conflict(Metadata callersOwn) {
    for (String name : callersOwn.keys()) {
      if (name.equals(AUTHORIZATION.name())
          || (project != null && name.equals(PROJECT.name()))
          || headers.names().contains(name)) {
        return name;
      }
    }
    return null;
  }

  /** Returns the status of a call whose caller and these would both set one name. */
  static Status conflictStatus(String name) {
    return ClientSideRefusal.status(
        Status.Code.FAILED_PRECONDITION,
        "the call already carries metadata \""
            + name
            + "\", which the psc interceptor would add: remove one of the two");
  }

  /** Names the project and the token's fingerprint. */
  @Override
  public String toString() {
    return "PscCallCredentials(project " + project + ", " + headers + ")";
  }
}
