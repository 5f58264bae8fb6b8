package dev.psc.delivery.spi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The settings of a connection to a store: address, token, project and TLS, without types of a
 * transport. Immutable; {@code toString} contains neither the token nor values of headers.
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

  /** Returns the token; a {@link #tokenFile()} is preferable, as it can be rotated. */
  public Optional<String> token() {
    return token;
  }

  /** Returns the file that contains the token, read again when it changes. */
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

  /** Returns additional headers of every call. */
  public Map<String, String> headers() {
    return headers;
  }

  /** Returns whether the connection is not encrypted. */
  public boolean plaintext() {
    return plaintext;
  }

  /** Returns whether a token may be sent over an unencrypted connection. */
  public boolean allowPlaintextToken() {
    return allowPlaintextToken;
  }

  /** Returns whether the token may be an old project token (JWT). */
  public boolean allowProjectToken() {
    return allowProjectToken;
  }

  /** Returns whether the certificate of the store is not checked. */
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

  /** A builder of {@link SinkSettings}. Not thread-safe. */
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

    /** Sets the token; excludes {@link #tokenFile}. None by default. */
    public Builder token(String token) {
      this.token = Optional.of(token);
      return this;
    }

    /** Sets the file that contains the token; excludes {@link #token}. None by default. */
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

    /** Sets whether a token may be sent in plaintext; false by default. */
    public Builder allowPlaintextToken(boolean allowPlaintextToken) {
      this.allowPlaintextToken = allowPlaintextToken;
      return this;
    }

    /** Sets whether the token may be an old project token (JWT); false by default. */
    public Builder allowProjectToken(boolean allowProjectToken) {
      this.allowProjectToken = allowProjectToken;
      return this;
    }

    /** Sets whether any certificate of the store is accepted, for tests only; false by default. */
    public Builder insecureSkipVerify(boolean insecureSkipVerify) {
      this.insecureSkipVerify = insecureSkipVerify;
      return this;
    }

    /** Sets the deadline of one call; positive, 10 s by default. */
    public Builder callTimeout(Duration callTimeout) {
      this.callTimeout = Objects.requireNonNull(callTimeout, "callTimeout");
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if a setting is out of range or excludes another one
     */
    public SinkSettings build() {
      if (token.isPresent() && tokenFile.isPresent()) {
        throw new IllegalArgumentException(
            "token and tokenFile are mutually exclusive: set one of them");
      }
      if (plaintext && (caFile.isPresent() || insecureSkipVerify)) {
        throw new IllegalArgumentException(
            "plaintext cannot be combined with caFile or insecureSkipVerify: no certificate is"
                + " checked");
      }
      if (callTimeout.isNegative() || callTimeout.isZero()) {
        throw new IllegalArgumentException("callTimeout must be positive, but was " + callTimeout);
      }
      return new SinkSettings(this);
    }
  }
}
