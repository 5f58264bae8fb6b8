package dev.psc.auth.iam;

import dev.psc.auth.BearerToken;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenFormatException;
import dev.psc.auth.iam.IamData.Holder;
import dev.psc.auth.iam.IamData.Org;
import io.grpc.Status;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access model of the cloud: organizations with projects, users, service accounts, roles, role
 * bindings and tokens. It decides about calls.
 *
 * <p>The model is in memory, or in a JSON file. A method that changes the file returns once the
 * change is on disk; a crash leaves the file as it was before or after a change. Several processes
 * may share a file: each sees the changes of the others with its next call. Tokens are stored as
 * SHA-256 hashes only, and compared in constant time.
 *
 * <p>Thread-safe. Readers take no lock. Every change takes effect with the next call.
 */
public final class Iam implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(Iam.class);
  private static final Duration LAST_USED_EVERY = Duration.ofMinutes(1);
  private static final String BEARER = "bearer ";

  /** Immutable data with the index of its tokens. */
  private record Snapshot(
      IamData data, Map<String, Holder> holders, IamFile.@Nullable Stamp stamp) {

    static Snapshot of(IamData data, IamFile.@Nullable Stamp stamp) {
      return new Snapshot(data, data.holders(), stamp);
    }
  }

  private final @Nullable IamFile file;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Consumer<AuditEvent> audit;
  private final Map<String, Instant> lastUsed = new ConcurrentHashMap<>();
  private final AtomicReference<Instant> lastUsedWritten;
  private volatile Snapshot snapshot;

  private Iam(Builder builder, @Nullable IamFile file) {
    this.file = file;
    clock = builder.clock;
    audit = builder.audit;
    lastUsedWritten = new AtomicReference<>(clock.instant());
    IamFile.Content content = file == null ? null : file.read();
    snapshot =
        content == null
            ? Snapshot.of(new IamData(), null)
            : Snapshot.of(content.data(), content.stamp());
  }

  /** Returns an empty model in memory. */
  public static Iam inMemory() {
    return builder().build();
  }

  /**
   * Opens the model of a JSON file, or an empty one if the file does not exist.
   *
   * @throws UncheckedIOException if the file cannot be read
   * @throws IllegalStateException if the file is damaged; it is left unchanged
   */
  public static Iam open(Path file) {
    return builder().file(file).build();
  }

  /** Returns a builder of an in-memory model. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Creates an organization and its first Owner.
   *
   * @param owner the name of a user, for example an e-mail address
   * @throws IamException if the name is taken or invalid
   */
  public Organization createOrganization(String name, String owner) {
    Names.check("organization", name);
    Names.check("user", owner);
    change(
        name,
        "created the organization with owner " + owner,
        data -> {
          if (data.organizations.containsKey(name)) {
            throw new IamException(
                IamException.Reason.ALREADY_EXISTS, "organization \"" + name + "\" already exists");
          }
          Org org = new Org(name);
          org.users.add(owner);
          RoleBinding binding =
              new RoleBinding(
                  Organization.newId(), Subject.user(owner), Role.OWNER.name(), Optional.empty());
          org.bindings.put(binding.id(), binding);
          data.organizations.put(name, org);
          return binding;
        });
    return new Organization(this, name);
  }

  /**
   * Returns an organization.
   *
   * @throws IamException if it does not exist
   */
  public Organization organization(String name) {
    Org found = org(name);
    return new Organization(this, found.name);
  }

  /** Returns all organizations, by name. */
  public List<Organization> organizations() {
    return current().data().organizations.keySet().stream()
        .map(name -> new Organization(this, name))
        .toList();
  }

  /**
   * Decides about a call, and records that its token was used.
   *
   * @param authorization the metadata {@code authorization}, or null if missing
   * @param projectId the metadata that names the project, or null if missing
   * @param permission the permission that the call requires
   * @return the caller, or the refusal: UNAUTHENTICATED for a missing or invalid token,
   *     INVALID_ARGUMENT for a missing or malformed project id, and PERMISSION_DENIED, with one
   *     message, for a project that does not exist, belongs to another organization, or in which
   *     the caller lacks the permission
   */
  AccessDecision decide(
      @Nullable String authorization, @Nullable String projectId, Permission permission) {
    BearerToken token = bearer(authorization);
    if (token == null) {
      return new AccessDecision.Refused(
          Status.Code.UNAUTHENTICATED,
          authorization == null ? "no token: metadata authorization is missing" : "invalid token");
    }
    byte[] hash = token.sha256();
    Holder holder = current().holders().get(HexFormat.of().formatHex(hash));
    if (holder == null
        || !MessageDigest.isEqual(hash, HexFormat.of().parseHex(holder.token().sha256()))) {
      return new AccessDecision.Refused(Status.Code.UNAUTHENTICATED, "invalid token");
    }
    used(holder.token().sha256());
    ProjectId project = holder.project();
    if (projectId != null) {
      try {
        ProjectId asked = ProjectId.parse(projectId);
        if (project != null && !project.equals(asked)) {
          return denied(permission);
        }
        project = asked;
      } catch (IllegalArgumentException e) {
        return new AccessDecision.Refused(
            Status.Code.INVALID_ARGUMENT, "metadata projectID: " + e.getMessage());
      }
    }
    if (project == null) {
      return new AccessDecision.Refused(
          Status.Code.INVALID_ARGUMENT, "metadata projectID is missing");
    }
    return allows(holder, project, permission)
        ? new AccessDecision.Granted(
            new Caller(
                holder.organization().name,
                Optional.ofNullable(holder.account()).map(account -> account.account),
                project,
                token.fingerprint()))
        : denied(permission);
  }

  private static boolean allows(Holder holder, ProjectId project, Permission permission) {
    boolean own = holder.organization().project(project) != null;
    if (holder.account() == null) {
      return own && Role.WRITER.permissions().contains(permission);
    }
    // Both checks always run, so that the duration does not reveal the owner of the project.
    boolean bound =
        holder.organization().allows(Subject.of(holder.account().account), project, permission);
    return own && bound;
  }

  private static AccessDecision denied(Permission permission) {
    return new AccessDecision.Refused(
        Status.Code.PERMISSION_DENIED,
        "the caller lacks the permission " + permission + " in the project");
  }

  static @Nullable BearerToken bearer(@Nullable String authorization) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return null;
    }
    String text = authorization.substring(BEARER.length());
    try {
      return text.startsWith(ServiceAccountToken.PREFIX)
          ? ServiceAccountToken.parse(text)
          : JwtProjectToken.parse(text);
    } catch (TokenFormatException e) {
      // The text may be a secret, so the message does not contain it.
      return null;
    }
  }

  private void used(String sha256) {
    Instant now = clock.instant();
    lastUsed.put(sha256, now);
    Instant written = lastUsedWritten.get();
    if (file != null
        && Duration.between(written, now).compareTo(LAST_USED_EVERY) >= 0
        && lastUsedWritten.compareAndSet(written, now)) {
      flush();
    }
  }

  /** Writes the times of last use to the file. */
  private void flush() {
    try {
      commit(data -> Boolean.TRUE);
    } catch (UncheckedIOException | IllegalStateException e) {
      logger.warn("Cannot write the times of last use of tokens to {}", file, e);
    }
  }

  /**
   * Applies and writes a change, and then publishes it. Writers wait for each other; readers never
   * wait.
   */
  <T> T change(String organization, String what, Function<IamData, T> change) {
    T result = commit(change);
    audit(new AuditEvent.Change(clock.instant(), organization, what));
    return result;
  }

  /** Applies, writes and publishes a change without a result. */
  void update(String organization, String what, Consumer<IamData> change) {
    Object unused =
        change(
            organization,
            what,
            data -> {
              change.accept(data);
              return what;
            });
  }

  private synchronized <T> T commit(Function<IamData, T> change) {
    if (file == null) {
      IamData copy = snapshot.data().copy();
      T result = change.apply(copy);
      copy.usedAt(lastUsed);
      snapshot = Snapshot.of(copy, null);
      return result;
    }
    return file.exclusively(
        () -> {
          IamData copy = current().data().copy();
          T result = change.apply(copy);
          copy.usedAt(lastUsed);
          IamFile.Stamp stamp = file.write(copy);
          snapshot = Snapshot.of(copy, stamp);
          return result;
        });
  }

  /** Returns the newest data, including changes by other processes. */
  private Snapshot current() {
    Snapshot known = snapshot;
    if (file == null) {
      return known;
    }
    IamFile.Stamp stamp = file.stamp();
    if (Objects.equals(stamp, known.stamp())) {
      return known;
    }
    IamFile.Content content = file.read();
    // A deleted file revokes all access, which is the safe choice.
    Snapshot fresh =
        content == null
            ? Snapshot.of(new IamData(), null)
            : Snapshot.of(content.data(), content.stamp());
    snapshot = fresh;
    return fresh;
  }

  Org org(String name) {
    return org(current().data(), name);
  }

  static Org org(IamData data, String name) {
    Org org = data.organizations.get(name);
    if (org == null) {
      throw new IamException(
          IamException.Reason.NOT_FOUND, "there is no organization \"" + name + "\"");
    }
    return org;
  }

  TokenInfo info(IamData.StoredToken token) {
    return token.usedAt(lastUsed.get(token.sha256())).info();
  }

  Instant now() {
    return clock.instant();
  }

  ServiceAccountToken newToken() {
    return ServiceAccountToken.generate(random);
  }

  /** Returns a token of the older scheme with a random signature, as only its hash is compared. */
  JwtProjectToken newProjectToken(ProjectId project) {
    byte[] signature = new byte[32];
    random.nextBytes(signature);
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    String claims =
        "{\"project_id\":\"" + project + "\",\"iat\":" + clock.instant().getEpochSecond() + "}";
    return JwtProjectToken.parse(
        base64.encodeToString(header.getBytes(StandardCharsets.US_ASCII))
            + "."
            + base64.encodeToString(claims.getBytes(StandardCharsets.US_ASCII))
            + "."
            + base64.encodeToString(signature));
  }

  void audit(AuditEvent event) {
    try {
      audit.accept(event);
    } catch (RuntimeException e) {
      logger.warn("The audit hook failed", e);
    }
  }

  /** Writes the times of last use to the file, if there is one; idempotent. */
  @Override
  public void close() {
    if (file != null && !lastUsed.isEmpty()) {
      flush();
    }
  }

  /** A builder of {@link Iam}. Not thread-safe. */
  public static final class Builder {

    private @Nullable Path path;
    private Disk disk = new Disk();
    private Clock clock = Clock.systemUTC();
    private Consumer<AuditEvent> audit = event -> {};

    private Builder() {}

    /** Sets a JSON file for the model, created with the first change; in memory by default. */
    public Builder file(Path path) {
      this.path = Objects.requireNonNull(path, "path");
      return this;
    }

    /** Sets the clock of creation and last use; the system clock by default. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Sets a hook for every change and, by {@link IamServerInterceptor}, every call. It is
     * thread-safe and does not block for long; its exceptions are logged.
     */
    public Builder audit(Consumer<AuditEvent> audit) {
      this.audit = Objects.requireNonNull(audit, "audit");
      return this;
    }

    Builder disk(Disk disk) {
      this.disk = disk;
      return this;
    }

    /**
     * Returns the model.
     *
     * @throws UncheckedIOException if the file cannot be read
     * @throws IllegalStateException if the file is damaged; it is left unchanged
     */
    public Iam build() {
      return new Iam(this, path == null ? null : new IamFile(path, disk));
    }
  }
}
