package dev.psc.delivery.spi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a store is and who we are there, in terms that need no transport's types. Immutable; never
 * prints the token or a header's value.
 */
public final class SinkSettings {

  private final String address;
  private final Optional<String> token;
  private final Optional<Path> tokenFile;
  private final Optional<String> projectId;
  private final Optional<Path> caFile;
  private final Map<String, String> headers;
  private final boolean plaintext;
  private final boolean allowPlaintextToken;
  private final boolean allowProjectToken;
  private final boolean insecureSkipVerify;
  private final Duration callTimeout;

  private SinkSettings(Builder builder) {
    this.address = builder.address;
    this.token = builder.token;
    this.tokenFile = builder.tokenFile;
    this.projectId = builder.projectId;
    this.caFile = builder.caFile;
    this.headers = Map.copyOf(builder.headers);
    this.plaintext = builder.plaintext;
    this.allowPlaintextToken = builder.allowPlaintextToken;
    this.allowProjectToken = builder.allowProjectToken;
    this.insecureSkipVerify = builder.insecureSkipVerify;
    this.callTimeout = builder.callTimeout;
  }

  /**
   * Returns a builder.
   *
   * @param address host and port of the store, e.g. {@code grpc.polarsignals.com:443}
   */
  public static Builder builder(String address) {
    return new Builder(address);
  }

  /** Returns host and port of the store. */
  public String address() {
    return address;
  }

  /** Returns the token itself; {@link #tokenFile()} is the better place for it. */
  public Optional<String> token() {
    return token;
  }

  /** Returns the file that holds the token, read again when it changes. */
  public Optional<Path> tokenFile() {
    return tokenFile;
  }

  /** Returns the project's id, a UUID. */
  public Optional<String> projectId() {
    return projectId;
  }

  /** Returns the PEM file with the certificates to trust instead of the JVM's. */
  public Optional<Path> caFile() {
    return caFile;
  }

  /** Returns further headers of every call. */
  public Map<String, String> headers() {
    return headers;
  }

  /** Returns whether the connection is not encrypted. */
  public boolean plaintext() {
    return plaintext;
  }

  /** Returns whether a token may travel over a connection that is not encrypted. */
  public boolean allowPlaintextToken() {
    return allowPlaintextToken;
  }

  /** Returns whether the token may be an old project token (JWT). */
  public boolean allowProjectToken() {
    return allowProjectToken;
  }

  /** Returns whether any certificate of the store is taken. */
  public boolean insecureSkipVerify() {
    return insecureSkipVerify;
  }

  /** Returns the deadline of one call. */
  public Duration callTimeout() {
    return callTimeout;
  }

  @Override
  public String toString() {
    return "SinkSettings[address="
        + address
        + ", plaintext="
        + plaintext
        + ", token="
        + (token.isPresent() ? "(given)" : tokenFile.isPresent() ? tokenFile.get() : "none")
        + ", projectId="
        + projectId.orElse("none")
        + ", headers="
        + headers.keySet()
        + "]";
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {

    private final String address;
    private Optional<String> token = Optional.empty();
    private Optional<Path> tokenFile = Optional.empty();
    private Optional<String> projectId = Optional.empty();
    private Optional<Path> caFile = Optional.empty();
    private final Map<String, String> headers = new LinkedHashMap<>();
    private boolean plaintext;
    private boolean allowPlaintextToken;
    private boolean allowProjectToken;
    private boolean insecureSkipVerify;
    private Duration callTimeout = Duration.ofSeconds(10);

    private Builder(String address) {
      this.address = Objects.requireNonNull(address, "address");
    }

    /** Sets the token itself; excludes {@link #tokenFile}. None by default. */
    public Builder token(String token) {
      this.token = Optional.of(token);
      return this;
    }

    /** Sets the file that holds the token; excludes {@link #token}. None by default. */
    public Builder tokenFile(Path tokenFile) {
      this.tokenFile = Optional.of(tokenFile);
      return this;
    }

    /** Sets the project's id, a UUID. None by default. */
    public Builder projectId(String projectId) {
      this.projectId = Optional.of(projectId);
      return this;
    }

    /** Sets the PEM file with the certificates to trust. The JVM's trust store by default. */
    public Builder caFile(Path caFile) {
      this.caFile = Optional.of(caFile);
      return this;
    }

    /** Adds a header to every call. */
    public Builder header(String name, String value) {
      headers.put(
          Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value of " + name));
      return this;
    }

    /** Sets whether the connection is not encrypted; false by default. */
    public Builder plaintext(boolean plaintext) {
      this.plaintext = plaintext;
      return this;
    }

    /** Sets whether a token may travel over plaintext; false by default. */
    public Builder allowPlaintextToken(boolean allowPlaintextToken) {
      this.allowPlaintextToken = allowPlaintextToken;
      return this;
    }

    /** Sets whether the token may be an old project token (JWT); false by default. */
    public Builder allowProjectToken(boolean allowProjectToken) {
      this.allowProjectToken = allowProjectToken;
      return this;
    }

    /** Sets whether any certificate of the store is taken, for trials only; false by default. */
    public Builder insecureSkipVerify(boolean insecureSkipVerify) {
      this.insecureSkipVerify = insecureSkipVerify;
      return this;
    }

    /** Sets the deadline of one call; more than zero, 10 s by default. */
    public Builder callTimeout(Duration callTimeout) {
      this.callTimeout = Objects.requireNonNull(callTimeout, "callTimeout");
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException when two settings exclude each other or one is out of range
     */
    public SinkSettings build() {
      if (token.isPresent() && tokenFile.isPresent()) {
        throw new IllegalArgumentException("token and tokenFile are both given: keep one");
      }
      if (plaintext && (caFile.isPresent() || insecureSkipVerify)) {
        throw new IllegalArgumentException(
            "plaintext excludes caFile and insecureSkipVerify: there is no certificate to check");
      }
      if (callTimeout.isNegative() || callTimeout.isZero()) {
        throw new IllegalArgumentException(
            "callTimeout must be more than zero, but is " + callTimeout);
      }
      return new SinkSettings(this);
    }
  }
}
