package dev.psc.auth;

import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An interceptor that authenticates every call of a channel, unary or streaming: {@code
 * authorization: Bearer …} from a token source, {@code projectID}, and additional headers.
 *
 * <pre>{@code
 * TokenSource token = TokenSource.file(Path.of("/var/run/secrets/psc/token"));
 * channelBuilder.intercept(PscAuthInterceptor.create(token, ProjectId.parse(id)));
 * }</pre>
 *
 * <ul>
 *   <li>The token is attached as {@link CallCredentials}, when the transport is known. It is never
 *       sent in plaintext unless the builder allows it: such a call fails as UNAUTHENTICATED before
 *       anything is sent.
 *   <li>No call waits for I/O of the token source.
 *   <li>If the store answers UNAUTHENTICATED, the source rereads the token, once per call. If that
 *       returns another token within 5 s and the call's deadline, a unary call is repeated with it,
 *       once; the caller sees only the second answer. A streaming call fails, and the next one has
 *       the new token. A unary call whose message is an {@link java.io.InputStream} counts as
 *       streaming, since it cannot be sent twice.
 *   <li>The descriptions of UNAUTHENTICATED and PERMISSION_DENIED contain hints; code, trailers and
 *       cause are unchanged.
 *   <li>Metadata and credentials of the caller are kept. If they have a name that this interceptor
 *       would add, the call fails as FAILED_PRECONDITION and nothing is sent.
 * </ul>
 *
 * <p>Immutable and safe for use by several channels and threads. It does not close the token
 * source.
 */
public final class PscAuthInterceptor implements ClientInterceptor {

  private final PscCallCredentials credentials;

  private PscAuthInterceptor(PscCallCredentials credentials) {
    this.credentials = credentials;
  }

  /** Returns an interceptor with default settings. */
  public static PscAuthInterceptor create(TokenSource source, ProjectId project) {
    return builder(source, project).build();
  }

  /**
   * Returns a builder for a service account's calls to a project.
   *
   * @param source the token source; closed by the caller
   */
  public static Builder builder(TokenSource source, ProjectId project) {
    return new Builder(source, Objects.requireNonNull(project, "project"));
  }

  /**
   * Returns a builder for calls without a project: with project tokens of the older scheme, which
   * contain it, or to a store without projects.
   *
   * @param source the token source; closed by the caller
   */
  public static Builder builderWithoutProject(TokenSource source) {
    return new Builder(source, null);
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    return method.getType() == MethodDescriptor.MethodType.UNARY
        ? new UnaryCall<>(credentials, method, options, next)
        : new StreamingCall<>(credentials, method, options, next);
  }

  /**
   * Returns whether the token may be sent in plaintext to a host. Channel builders call it before
   * the first call. The address of the connection is checked again with each call.
   *
   * @param host a name or an address without port; it is compared as text and not resolved
   */
  public boolean mayUsePlaintext(String host) {
    return credentials.mayUsePlaintext(host);
  }

  /** Names the project, never the token. */
  @Override
  public String toString() {
    return "PscAuthInterceptor(" + credentials + ")";
  }

  /** A builder of {@link PscAuthInterceptor}. Not thread-safe. */
  public static final class Builder {

    private final TokenSource source;
    private final @Nullable ProjectId project;
    private CallHeaders headers = CallHeaders.none();
    private PlaintextPolicy plaintext = PlaintextPolicy.REFUSE;

    private Builder(TokenSource source, @Nullable ProjectId project) {
      this.source = Objects.requireNonNull(source, "source");
      this.project = project;
    }

    /** Sets additional metadata for every call; none by default. */
    public Builder headers(CallHeaders headers) {
      this.headers = Objects.requireNonNull(headers, "headers");
      return this;
    }

    /** Allows sending the token in plaintext to any host: the network can read it. */
    public Builder allowPlaintextToken() {
      plaintext = PlaintextPolicy.ALLOW;
      return this;
    }

    /**
     * Allows sending the token in plaintext to a store on this machine. Both the name of the store
     * ({@code localhost} or a loopback address) and the address of the connection are checked, so
     * that a proxy on this machine never receives the token.
     */
    public Builder allowPlaintextOnLoopback() {
      plaintext = PlaintextPolicy.LOOPBACK;
      return this;
    }

    /**
     * Returns the interceptor.
     *
     * @throws IllegalArgumentException if the headers contain a project too
     */
    public PscAuthInterceptor build() {
      return new PscAuthInterceptor(credentials());
    }

    /**
     * Returns the credentials alone, for {@code stub.withCallCredentials(…)}: they attach and
     * protect the token like the interceptor, but neither retry, nor add hints, nor detect metadata
     * of the caller with the same names.
     *
     * @throws IllegalArgumentException if the headers contain a project too
     */
    public CallCredentials buildCallCredentials() {
      return credentials();
    }

    private PscCallCredentials credentials() {
      if (headers.projectId().isPresent()) {
        throw new IllegalArgumentException(
            "headers contain projectID: pass headers.projectId() as the project and"
                + " headers.withoutProjectId() as the headers");
      }
      return new PscCallCredentials(source, project, headers, plaintext);
    }
  }
}
