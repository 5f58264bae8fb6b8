package dev.psc.auth.iam;

import dev.psc.auth.BearerToken;
import dev.psc.auth.ProjectId;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An interceptor that permits the calls of a gRPC server that the access model allows. Others fail
 * as UNAUTHENTICATED (no valid token), INVALID_ARGUMENT (no valid project id) or PERMISSION_DENIED.
 *
 * <p>A table maps methods to permissions; a method without an entry is refused. By default it has:
 *
 * <ul>
 *   <li>{@code parca.profilestore.v1alpha1.ProfileStoreService/*}: {@code profile.write}
 *   <li>{@code parca.query.v1alpha1.QueryService/*}: {@code profile.read}
 *   <li>{@code parca.debuginfo.v1alpha1.DebuginfoService/*}: {@code debuginfo.write}
 *   <li>{@code grpc.health.v1.Health/*}: open to all callers
 * </ul>
 *
 * <p>Immutable and safe for use by several servers and threads.
 */
public final class IamServerInterceptor implements ServerInterceptor {

  /** The context key of the caller, set for each call that was permitted by its token. */
  public static final Context.Key<Caller> CALLER = Context.key("dev.psc.auth.iam.caller");

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> PROJECT =
      Metadata.Key.of("projectid", Metadata.ASCII_STRING_MARSHALLER);

  private final Iam iam;
  private final Map<String, Permission> permissions;
  private final Set<String> open;

  private IamServerInterceptor(Builder builder) {
    iam = builder.iam;
    permissions = Map.copyOf(builder.permissions);
    open = Set.copyOf(builder.open);
  }

  /** Returns an interceptor with the default table. */
  public static IamServerInterceptor create(Iam iam) {
    return builder(iam).build();
  }

  /** Returns a builder with the default table. */
  public static Builder builder(Iam iam) {
    return new Builder(iam);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    String service = method.substring(0, method.lastIndexOf('/') + 1) + "*";
    if (open.contains(method) || (open.contains(service) && !permissions.containsKey(method))) {
      return next.startCall(call, headers);
    }
    Permission permission = permissions.getOrDefault(method, permissions.get(service));
    AccessDecision decision =
        permission == null
            ? new AccessDecision.Refused(
                Status.Code.PERMISSION_DENIED,
                "method " + method + " is not permitted for any caller")
            : decide(headers, permission);
    iam.audit(event(method, headers, decision));
    if (decision instanceof AccessDecision.Granted granted) {
      return Contexts.interceptCall(
          Context.current().withValue(CALLER, granted.caller()), call, headers, next);
    }
    AccessDecision.Refused refused = (AccessDecision.Refused) decision;
    call.close(refused.code().toStatus().withDescription(refused.message()), new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private AccessDecision decide(Metadata headers, Permission permission) {
    if (count(headers, AUTHORIZATION) > 1) {
      return new AccessDecision.Refused(
          Status.Code.UNAUTHENTICATED, "metadata authorization is given more than once");
    }
    if (count(headers, PROJECT) > 1) {
      return new AccessDecision.Refused(
          Status.Code.INVALID_ARGUMENT, "metadata projectID is given more than once");
    }
    return iam.decide(headers.get(AUTHORIZATION), headers.get(PROJECT), permission);
  }

  private static int count(Metadata headers, Metadata.Key<String> key) {
    Iterable<String> values = headers.getAll(key);
    int count = 0;
    if (values != null) {
      for (String unused : values) {
        count++;
      }
    }
    return count;
  }

  private AuditEvent event(String method, Metadata headers, AccessDecision decision) {
    BearerToken token = Iam.bearer(headers.get(AUTHORIZATION));
    Optional<Caller> caller =
        decision instanceof AccessDecision.Granted granted
            ? Optional.of(granted.caller())
            : Optional.empty();
    return new AuditEvent.Call(
        iam.now(),
        method,
        decision instanceof AccessDecision.Refused refused ? refused.code() : Status.Code.OK,
        caller,
        Optional.ofNullable(token).map(BearerToken::fingerprint),
        project(headers.get(PROJECT)));
  }

  private static Optional<ProjectId> project(@Nullable String text) {
    try {
      return text == null ? Optional.empty() : Optional.of(ProjectId.parse(text));
    } catch (IllegalArgumentException e) {
      // Unauthenticated text does not go into an audit log.
      return Optional.empty();
    }
  }

  /** A builder of {@link IamServerInterceptor}. Not thread-safe. */
  public static final class Builder {

    private final Iam iam;
    private final Map<String, Permission> permissions = new HashMap<>();
    private final Set<String> open = new HashSet<>();

    private Builder(Iam iam) {
      this.iam = Objects.requireNonNull(iam, "iam");
      permissions.put(
          "parca.profilestore.v1alpha1.ProfileStoreService/*", Permission.PROFILE_WRITE);
      permissions.put("parca.query.v1alpha1.QueryService/*", Permission.PROFILE_READ);
      permissions.put("parca.debuginfo.v1alpha1.DebuginfoService/*", Permission.DEBUGINFO_WRITE);
      open.add("grpc.health.v1.Health/*");
    }

    /**
     * Sets the permission that a method requires.
     *
     * @param method {@code package.Service/Method}, or {@code package.Service/*} for all other
     *     methods of a service
     * @throws IllegalArgumentException if it contains no slash
     */
    public Builder permission(String method, Permission permission) {
      open.remove(checked(method));
      permissions.put(method, permission);
      return this;
    }

    /**
     * Opens a method to all callers, with or without a token.
     *
     * @param method as for {@link #permission}
     * @throws IllegalArgumentException if it contains no slash
     */
    public Builder open(String method) {
      permissions.remove(checked(method));
      open.add(method);
      return this;
    }

    private static String checked(String method) {
      if (method.indexOf('/') <= 0) {
        throw new IllegalArgumentException(
            "method must be package.Service/Method or package.Service/*, but was " + method);
      }
      return method;
    }

    /** Returns the interceptor. */
    public IamServerInterceptor build() {
      return new IamServerInterceptor(this);
    }
  }
}
