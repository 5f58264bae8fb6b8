package dev.psc.testkit;

import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.IamServerInterceptor;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.Permission;
import dev.psc.auth.iam.Role;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.auth.iam.Subject;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.report.Top;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A profile store on a real socket for tests, with the strictness of Parca and the access rules of
 * Polar Signals Cloud.
 *
 * <pre>{@code
 * try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
 *   ManagedChannel channel = store.openChannel();
 *   GrpcProfileSink.create(channel).send(batch);
 *   store.profiles();
 * }
 * }</pre>
 *
 * <p>It accepts {@code WriteRaw} over TLS with a generated certificate by default, requires a token
 * and a project id in every call, rejects a whole request for one bad profile, and stores profiles
 * in memory, or as files if a directory is set:
 *
 * <pre>
 *   DIRECTORY/PROJECT/PROFILE NAME/HASH OF THE LABELS/TIME.pb.gz
 *   DIRECTORY/PROJECT/PROFILE NAME/HASH OF THE LABELS/labels.json
 * </pre>
 *
 * <p>It takes profiles over OTLP too, with the same token and project, and stores them as pprof:
 * over gRPC on the same port, and over HTTP if {@link Builder#otlpHttpPort} is set. It also serves
 * {@code grpc.health.v1.Health}, without a token. Thread-safe. The caller closes it.
 */
public final class EmbeddedProfileStore implements AutoCloseable {

  private final Iam iam;
  private final boolean ownIam;
  private final List<ProjectId> projects;
  private final List<ServiceAccountToken> tokens;
  private final StoreContents contents;
  private final StoreFaults faults = new StoreFaults();
  private final StoreService service;
  private final StoreServer server;

  private EmbeddedProfileStore(Builder builder) {
    projects = builder.iam == null ? builder.projectsOrOne() : List.of();
    tokens = builder.iam == null ? builder.tokensOrOne() : List.of();
    ownIam = builder.iam == null;
    iam = builder.iam == null ? iam(projects, tokens) : builder.iam;
    contents = new StoreContents(builder.directory);
    server =
        new StoreServer(
            builder.plaintext ? null : builder.certificates(),
            builder.bindAddress,
            builder.port,
            builder.otlpHttpPort,
            (int) builder.maxMessageBytes);
    service = new StoreService(contents, faults, new StrictCheck(), server.timer());
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  private static Iam iam(List<ProjectId> projects, List<ServiceAccountToken> tokens) {
    Iam iam = Iam.inMemory();
    Organization organization = iam.createOrganization("embedded", "owner@embedded");
    for (int i = 0; i < projects.size(); i++) {
      organization.createProject("project-" + i, projects.get(i));
    }
    ServiceAccount account = organization.createServiceAccount("embedded-scraper");
    organization.bind(Subject.of(account), Role.PROFILE_WRITER.name());
    for (int i = 0; i < tokens.size(); i++) {
      organization.importToken(account, "token-" + i, tokens.get(i));
    }
    return iam;
  }

  /**
   * Starts listening again after {@link #stop}, on the same port and with the stored profiles. Does
   * nothing if the store is listening.
   *
   * @throws UncheckedIOException if the port is not available
   * @throws IllegalStateException if the store is closed
   */
  public void start() {
    server.start(
        service,
        new OtlpService(service, faults),
        IamServerInterceptor.builder(iam)
            .permission(OtlpService.SERVICE + "/*", Permission.PROFILE_WRITE)
            .build());
  }

  /** Stops listening and cuts every connection immediately, like a crash; see {@link #start}. */
  public void stop() {
    server.stop();
  }

  /** Returns the port that the store listens on. */
  public int port() {
    return server.port();
  }

  /** Returns the {@code host:port} that clients connect to. */
  public String address() {
    return server.address();
  }

  /**
   * Returns the URL of OTLP over HTTP, without a path.
   *
   * @throws IllegalStateException if {@link Builder#otlpHttpPort} was not set
   */
  public String otlpHttpEndpoint() {
    return server.httpEndpoint();
  }

  /**
   * Returns the certificate authority as PEM, for clients to trust.
   *
   * @throws IllegalStateException if the store uses plaintext
   */
  public String authorityPem() {
    return server.authorityPem();
  }

  /**
   * Writes the certificate authority to a PEM file, for clients to trust.
   *
   * @return the file
   * @throws UncheckedIOException if the file cannot be written
   * @throws IllegalStateException if the store uses plaintext
   */
  public Path writeAuthority(Path file) {
    try {
      return Files.writeString(file, authorityPem());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /**
   * Returns the first project.
   *
   * @throws IllegalStateException if the access model was passed to the builder
   */
  public ProjectId project() {
    requireOwnIam();
    return projects.get(0);
  }

  /**
   * Returns the first accepted token.
   *
   * @throws IllegalStateException if the access model was passed to the builder
   */
  public ServiceAccountToken token() {
    requireOwnIam();
    return tokens.get(0);
  }

  private void requireOwnIam() {
    if (!ownIam) {
      throw new IllegalStateException(
          "the access model was passed to the builder: get project and token from it");
    }
  }

  /** Returns the access model; changes take effect with the next call. */
  public Iam iam() {
    return iam;
  }

  /**
   * Opens a channel that trusts this store and sends its token and project. The caller shuts it
   * down.
   *
   * @throws IllegalStateException if the access model was passed to the builder
   */
  public ManagedChannel openChannel() {
    return openChannel(TokenSource.fixed(token()), project());
  }

  /** Opens a channel that trusts this store. The caller shuts it down. */
  public ManagedChannel openChannel(TokenSource tokenSource, ProjectId project) {
    return server.openChannel(
        PscAuthInterceptor.builder(tokenSource, project).allowPlaintextOnLoopback().build());
  }

  /** Returns the faults that can be injected. */
  public StoreFaults faults() {
    return faults;
  }

  /** Returns the label sets of a project's profiles, in order of appearance. */
  public List<LabelSet> series(ProjectId project) {
    return contents.series(project);
  }

  /** Returns all stored profiles, in order of arrival. */
  public List<StoredProfile> profiles() {
    return contents.profiles(profile -> true);
  }

  /** Returns the profiles of a project, in order of arrival. */
  public List<StoredProfile> profiles(ProjectId project) {
    return contents.profiles(profile -> profile.project().equals(project));
  }

  /** Returns the profiles of a series, in order of arrival. */
  public List<StoredProfile> profiles(ProjectId project, LabelSet labels) {
    return contents.profiles(
        profile -> profile.project().equals(project) && profile.labels().equals(labels));
  }

  /**
   * Returns the sum of all profiles of a project with this {@code __name__}, or nothing if there
   * are none.
   *
   * @throws IllegalArgumentException if their sample types differ
   */
  public Optional<Profile> merged(ProjectId project, String name) {
    Merge merge = Merge.create();
    for (StoredProfile profile : profiles(project)) {
      if (profile.name().equals(name)) {
        merge.add(parse(profile.pprof()));
      }
    }
    return merge.profileCount() == 0 ? Optional.empty() : Optional.of(parse(merge.build()));
  }

  /**
   * Returns the functions of all profiles of a project with this {@code __name__}, or nothing if
   * there are none or they lack the sample type.
   *
   * @param sampleType for example {@code cpu}
   * @throws IllegalArgumentException if their sample types differ
   */
  public Optional<Top> top(ProjectId project, String name, String sampleType) {
    return merged(project, name)
        .filter(profile -> profile.sampleTypeIndex(sampleType) >= 0)
        .map(profile -> Top.of(profile, profile.sampleTypeIndex(sampleType)));
  }

  /**
   * Writes a self-contained HTML page with the flame graph of the newest profile of each series,
   * and an {@code index.html} with links to all of them. The directory may be that of the store:
   * pages are written next to the files of their series.
   *
   * @return the index
   * @throws UncheckedIOException if a file cannot be written
   */
  public Path writeFlameGraphs(Path directory) {
    Objects.requireNonNull(directory, "directory");
    try {
      return StoreFlameGraphs.write(directory.toAbsolutePath(), profiles());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write flame graphs to " + directory, e);
    }
  }

  private static Profile parse(byte[] pprof) {
    try {
      return Profile.parse(pprof);
    } catch (PprofException e) {
      throw new IllegalStateException("a stored profile cannot be parsed", e);
    }
  }

  /** Returns the number of accepted profiles, duplicates included. */
  public long profileCount() {
    return contents.size();
  }

  /** Returns the number of duplicates: the same project, labels and bytes. */
  public long duplicateCount() {
    return contents.duplicates();
  }

  /** Returns the number of {@code WriteRaw} and OTLP calls that passed the access check. */
  public long requestCount() {
    return service.requests.get();
  }

  /** Returns the number of these calls that were rejected or failed by injection. */
  public long refusedCount() {
    return service.refused.get();
  }

  /** Stops within 5 s and discards profiles in memory; files remain. Idempotent. */
  @Override
  public void close() {
    server.close();
    if (ownIam) {
      iam.close();
    }
  }

  /** A builder of {@link EmbeddedProfileStore}. Not thread-safe. */
  public static final class Builder {

    private final List<ProjectId> projects = new ArrayList<>();
    private final List<ServiceAccountToken> tokens = new ArrayList<>();
    private InetAddress bindAddress = InetAddress.getLoopbackAddress();
    private int port;
    private int otlpHttpPort = -1;
    private boolean plaintext;
    private @Nullable TestCertificates certificates;
    private @Nullable Iam iam;
    private @Nullable Path directory;
    private long maxMessageBytes = 64L << 20;

    private Builder() {}

    /** Sets the port, 0 to 65535; 0, the default, selects a free one. */
    public Builder port(int port) {
      if (port < 0 || port > 65535) {
        throw new IllegalArgumentException("port must be between 0 and 65535, but was " + port);
      }
      this.port = port;
      return this;
    }

    /**
     * Also accepts OTLP over HTTP, with protobuf bodies at {@code /v1development/profiles}; off by
     * default. Headers {@code Authorization} and {@code projectID} are the same as over gRPC.
     *
     * @param otlpHttpPort 0 to 65535; 0 selects a free one
     */
    public Builder otlpHttpPort(int otlpHttpPort) {
      if (otlpHttpPort < 0 || otlpHttpPort > 65535) {
        throw new IllegalArgumentException(
            "otlpHttpPort must be between 0 and 65535, but was " + otlpHttpPort);
      }
      this.otlpHttpPort = otlpHttpPort;
      return this;
    }

    /** Sets the address to listen on; the loopback address by default. */
    public Builder bindAddress(InetAddress bindAddress) {
      this.bindAddress = Objects.requireNonNull(bindAddress, "bindAddress");
      return this;
    }

    /** Uses plaintext instead of TLS. */
    public Builder plaintext() {
      plaintext = true;
      return this;
    }

    /** Sets the TLS certificates; generated by default. */
    public Builder certificates(TestCertificates certificates) {
      this.certificates = Objects.requireNonNull(certificates, "certificates");
      return this;
    }

    /** Adds a project; by default there is one with a random id. */
    public Builder project(ProjectId project) {
      projects.add(Objects.requireNonNull(project, "project"));
      return this;
    }

    /** Adds a token that may write profiles to every project; by default one is generated. */
    public Builder token(ServiceAccountToken token) {
      tokens.add(Objects.requireNonNull(token, "token"));
      return this;
    }

    /** Sets the access model, instead of projects and tokens; not closed by the store. */
    public Builder iam(Iam iam) {
      this.iam = Objects.requireNonNull(iam, "iam");
      return this;
    }

    /** Sets a directory to store profiles as files; by default they are kept in memory. */
    public Builder directory(Path directory) {
      this.directory = Objects.requireNonNull(directory, "directory");
      return this;
    }

    /** Sets the largest request in bytes, 1 to 2^31 - 1; 64 MiB by default, which is Parca's. */
    public Builder maxMessageBytes(long maxMessageBytes) {
      if (maxMessageBytes < 1 || maxMessageBytes > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "maxMessageBytes must be between 1 and "
                + Integer.MAX_VALUE
                + ", but was "
                + maxMessageBytes);
      }
      this.maxMessageBytes = maxMessageBytes;
      return this;
    }

    private TestCertificates certificates() {
      return certificates == null ? TestCertificates.generate() : certificates;
    }

    private List<ProjectId> projectsOrOne() {
      return projects.isEmpty() ? List.of(ProjectId.random()) : List.copyOf(projects);
    }

    private List<ServiceAccountToken> tokensOrOne() {
      return tokens.isEmpty()
          ? List.of(ServiceAccountToken.generate(new SecureRandom()))
          : List.copyOf(tokens);
    }

    /**
     * Starts a store.
     *
     * @throws IllegalArgumentException if settings contradict each other
     * @throws UncheckedIOException if the port is not available
     */
    public EmbeddedProfileStore start() {
      if (iam != null && !(projects.isEmpty() && tokens.isEmpty())) {
        throw new IllegalArgumentException(
            "iam cannot be combined with project or token: the access model has its own");
      }
      if (plaintext && certificates != null) {
        throw new IllegalArgumentException("plaintext cannot be combined with certificates");
      }
      EmbeddedProfileStore store = new EmbeddedProfileStore(this);
      try {
        store.start();
        return store;
      } catch (RuntimeException e) {
        store.close();
        throw e;
      }
    }
  }
}
