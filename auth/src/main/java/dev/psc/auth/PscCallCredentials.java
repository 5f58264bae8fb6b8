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
 * Credentials that attach token, project and further headers to calls, unless the channel is
 * plaintext and the policy forbids it. Non-blocking: the token source answers from memory.
 */
final class PscCallCredentials extends CallCredentials {

  static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> PROJECT =
      Metadata.Key.of("projectid", Metadata.ASCII_STRING_MARSHALLER);

  private static final Pattern LOOPBACK =
      Pattern.compile(
          "(.*[.])?localhost[.]?|127[.][0-9]+[.][0-9]+[.][0-9]+|::1|::ffff:127[.][0-9.]+|(0+:){7}0*1",
          Pattern.CASE_INSENSITIVE);

  final TokenSource source;
  final @Nullable ProjectId project;
  private final CallHeaders headers;
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

  /** Attaches the headers; returns the token, or null if the call is refused. */
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
      applier.fail(
          ClientSideRefusal.status(Status.Code.UNAUTHENTICATED, "no token: " + e.getMessage()));
      return null;
    } catch (RuntimeException | Error e) {
      // Without its message, which may contain the token. An Error fails the call as well: thrown
      // here, it would leave the call without a result.
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
      // The address of the connection may be that of a proxy, so the store's name counts too.
      return isLoopback(info.getTransportAttrs()) && isLoopback(info.getAuthority())
          ? null
          : "refused to send the token in plaintext to "
              + info.getAuthority()
              + ", which is not a loopback address: use TLS (https://), or allow plaintext to"
              + " all addresses";
    }
    return "refused to send the token in plaintext to "
        + info.getAuthority()
        + ": use TLS (https://), or allow plaintext explicitly";
  }

  boolean mayUsePlaintext(String host) {
    return switch (plaintext) {
      case REFUSE -> false;
      case ALLOW -> true;
      case LOOPBACK -> LOOPBACK.matcher(host).matches();
    };
  }

  private static boolean isLoopback(String authority) {
    String host = authority;
    int colon = host.lastIndexOf(':');
    if (host.startsWith("[")) {
      host = host.substring(1, Math.max(1, host.indexOf(']')));
    } else if (colon == host.indexOf(':') && colon >= 0) {
      host = host.substring(0, colon);
    }
    return LOOPBACK.matcher(host).matches();
  }

  private static boolean isLoopback(Attributes transport) {
    return transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress remote
        && remote.getAddress() != null
        && remote.getAddress().isLoopbackAddress();
  }

  /** Returns the name of a header that both the caller and these credentials set, or null. */
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

  /** Returns the status of a call whose caller sets a header of these credentials. */
  static Status conflictStatus(String name) {
    return ClientSideRefusal.status(
        Status.Code.FAILED_PRECONDITION,
        "the call already carries metadata \""
            + name
            + "\", which the psc interceptor would add: remove one of them");
  }

  /** Names the project and the token's fingerprint. */
  @Override
  public String toString() {
    return "PscCallCredentials(project " + project + ", " + headers + ")";
  }
}
