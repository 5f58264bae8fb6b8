package dev.psc.store;

import dev.psc.auth.BearerToken;
import dev.psc.auth.CallHeaders;
import dev.psc.auth.FileTokenSource;
import dev.psc.auth.ProjectId;
import dev.psc.auth.TokenFormatException;
import dev.psc.auth.TokenSource;
import dev.psc.auth.TokenUnavailableException;
import dev.psc.store.StoreCheckStep.Name;
import dev.psc.store.StoreCheckStep.Result;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A check of the connection to a store: token, project id, address, TCP, TLS, HTTP/2, and a {@code
 * WriteRaw} without series, which stores nothing. Each step has a result and, on failure, a remedy.
 *
 * <p>For one use on one thread.
 */
public final class StoreCheck {

  private final Builder settings;
  private final StoreCheckSteps steps = new StoreCheckSteps();

  private StoreCheck(Builder settings) {
    this.settings = settings;
  }

  /**
   * Returns a builder of a check.
   *
   * @param channels a supplier of channel settings without authentication; the message of its
   *     {@link IllegalArgumentException} becomes the result of the address step
   */
  public static Builder builder(Supplier<StoreChannels.Builder> channels) {
    return new Builder(channels);
  }

  /**
   * Runs all steps, each within the timeout, and returns one result per step in the order of {@link
   * Name}. Failures are results, not exceptions.
   */
  public List<StoreCheckStep> run() {
    try (Token token = checkToken()) {
      ProjectId project = checkProject(token);
      StoreChannels.Builder channels = checkConnection();
      if (channels != null) {
        checkAccess(channels, token.source, project);
      }
    }
    return steps.all();
  }

  /** The token source, if it is usable, and whether this check closes it. */
  private static final class Token implements AutoCloseable {

    final @Nullable TokenSource source;
    private final boolean ours;

    /** Whether the token is refused because it is a project token, which names its project. */
    final boolean namesProject;

    Token(@Nullable TokenSource source, boolean ours, boolean namesProject) {
      this.source = source;
      this.ours = ours;
      this.namesProject = namesProject;
    }

    @Override
    public void close() {
      if (ours && source != null) {
        source.close();
      }
    }
  }

  private Token checkToken() {
    if (settings.tokenFile == null && settings.tokenSource == null) {
      steps.skipped(Name.TOKEN_READABLE, "no token is configured");
      steps.skipped(Name.TOKEN_FORMAT, "no token is configured");
      return new Token(null, false, false);
    }
    TokenSource source = settings.tokenSource;
    boolean ours = source == null;
    try {
      if (source == null) {
        FileTokenSource.Builder file =
            FileTokenSource.builder(Objects.requireNonNull(settings.tokenFile));
        source = (settings.jwtProjectTokens ? file.allowProjectToken() : file).open();
      }
      BearerToken token = source.token();
      steps.ok(Name.TOKEN_READABLE, "the token was read");
      steps.ok(Name.TOKEN_FORMAT, "the token is well-formed, fingerprint " + token.fingerprint());
      return new Token(source, ours, false);
    } catch (TokenUnavailableException e) {
      String message = String.valueOf(e.getMessage());
      if (e.getCause() instanceof TokenFormatException format) {
        steps.ok(Name.TOKEN_READABLE, "the token was read");
        steps.wrong(Name.TOKEN_FORMAT, message, remedy(format));
        return new Token(
            null, false, format.problem() == TokenFormatException.Problem.PROJECT_TOKEN);
      } else {
        steps.wrong(
            Name.TOKEN_READABLE,
            message,
            "put the service account token into the configured place, readable by this user");
        steps.skipped(Name.TOKEN_FORMAT, "there is no token");
      }
      return new Token(null, false, false);
    }
  }

  private static String remedy(TokenFormatException format) {
    return switch (format.problem()) {
      case PROJECT_TOKEN ->
          "create a service account, bind the role Profile Writer to it, generate a token, and put"
              + " it in place of the old one; or accept the old one with allowProjectToken";
      case QUOTED -> "remove the quotes; the token itself may be right";
      case LINE_BREAK, WHITESPACE, BEARER_WORD -> "give the token alone, on one line";
      default -> "generate a new token for the service account and copy it whole";
    };
  }

  private @Nullable ProjectId checkProject(Token token) {
    String text = settings.projectId;
    if (text == null) {
      if (token.namesProject) {
        steps.skipped(Name.PROJECT_ID, "the token is a project token, which names its project");
      } else if ((settings.tokenFile != null || token.source != null)
          && !settings.jwtProjectTokens) {
        steps.wrong(
            Name.PROJECT_ID,
            "no project id is configured, and a service account token does not name one",
            "give the project's UUID as metadata projectID");
      } else {
        steps.skipped(Name.PROJECT_ID, "no project id is configured");
      }
      return null;
    }
    try {
      ProjectId project = ProjectId.parse(text);
      steps.ok(Name.PROJECT_ID, "the project is " + project);
      return project;
    } catch (IllegalArgumentException e) {
      steps.wrong(
          Name.PROJECT_ID,
          String.valueOf(e.getMessage()),
          "copy the project's UUID from its settings");
      return null;
    }
  }

  private StoreChannels.@Nullable Builder checkConnection() {
    StoreChannels.Builder channels;
    try {
      channels = settings.channels.get();
      channels.check();
    } catch (IllegalArgumentException e) {
      steps.wrong(Name.ADDRESS, String.valueOf(e.getMessage()), "correct the address of the store");
      steps.skipRest("the address is wrong");
      return null;
    }
    boolean connected;
    try (StoreConnection connection = new StoreConnection(channels, settings.timeout, steps)) {
      connected = connection.check();
    }
    if (!connected) {
      steps.skipRest("an earlier step is wrong");
      return null;
    }
    return channels;
  }

  private void checkAccess(
      StoreChannels.Builder channels, @Nullable TokenSource token, @Nullable ProjectId project) {
    boolean tokenIsWrong =
        token == null && (settings.tokenFile != null || settings.tokenSource != null);
    if (tokenIsWrong) {
      steps.skipRest("there is no usable token");
      return;
    }
    channels.interceptor(
        GrpcSinkProvider.interceptor(settings.headers, project, token, settings.allowPlaintext));
    judge(writeNothing(channels), token != null, project);
  }

  private Status writeNothing(StoreChannels.Builder channels) {
    ManagedChannel channel;
    try {
      channel = channels.build();
    } catch (IllegalArgumentException e) {
      return Status.UNAVAILABLE.withDescription(e.getMessage()).withCause(e);
    }
    try {
      Object unused =
          ProfileStoreServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(settings.timeout.toNanos(), TimeUnit.NANOSECONDS)
              .writeRaw(WriteRawRequest.getDefaultInstance());
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    } finally {
      ManagedChannel unused = channel.shutdownNow();
    }
  }

  private void judge(Status status, boolean withToken, @Nullable ProjectId project) {
    String said = String.valueOf(status.getDescription());
    boolean authenticated =
        status.getCode() == Status.Code.PERMISSION_DENIED
            || status.getCode() == Status.Code.INVALID_ARGUMENT;
    if (authenticated && steps.all().stream().anyMatch(StoreCheck::isWrongProject)) {
      // The call had no project and checked the token only; the rest of the response is ignored.
      accepted(withToken);
      steps.skipped(Name.PROJECT_PERMITTED, "there is no usable project id");
      return;
    }
    switch (status.getCode()) {
      case OK -> {
        accepted(withToken);
        steps.ok(
            Name.PROJECT_PERMITTED,
            project == null
                ? "the store accepts profiles"
                : "the store accepts profiles for project " + project);
      }
      case UNAUTHENTICATED -> {
        steps.wrong(
            Name.TOKEN_ACCEPTED,
            said,
            withToken
                ? "generate a new token for the service account, or check that this is its"
                    + " store and that the channel uses TLS"
                : "configure a token file with the token of a service account");
        steps.skipped(Name.PROJECT_PERMITTED, "the token is not accepted");
      }
      case PERMISSION_DENIED -> {
        accepted(withToken);
        steps.wrong(
            Name.PROJECT_PERMITTED,
            said,
            "bind the role Profile Writer to the service account for this project, or correct"
                + " the project id");
      }
      case INVALID_ARGUMENT -> {
        accepted(withToken);
        if (said.toLowerCase(Locale.ROOT).contains("project")) {
          steps.wrong(
              Name.PROJECT_PERMITTED, said, "give the project's UUID as metadata projectID");
        } else {
          steps.ok(
              Name.PROJECT_PERMITTED,
              "the store permitted the call and rejected only its empty request");
        }
      }
      case UNIMPLEMENTED -> {
        steps.wrong(
            Name.TOKEN_ACCEPTED,
            "the server supports gRPC, but is not a profile store: " + said,
            "check the host and port of the store, and the rules of a proxy in front of it");
        steps.skipped(Name.PROJECT_PERMITTED, "the server is not a profile store");
      }
      default -> {
        steps.wrong(
            Name.TOKEN_ACCEPTED,
            "the store returned " + status.getCode() + ": " + said,
            "check the log of the store, and retry");
        steps.skipped(Name.PROJECT_PERMITTED, "the store did not respond");
      }
    }
  }

  private static boolean isWrongProject(StoreCheckStep step) {
    return step.name() == Name.PROJECT_ID && step.result() == Result.WRONG;
  }

  private void accepted(boolean withToken) {
    steps.ok(
        Name.TOKEN_ACCEPTED,
        withToken ? "the store accepts the token" : "the store requires no token");
  }

  /** Returns whether no step is wrong. */
  public static boolean allOk(List<StoreCheckStep> steps) {
    return steps.stream().noneMatch(step -> step.result() == Result.WRONG);
  }

  /** A builder of {@link StoreCheck}. Not thread-safe. */
  public static final class Builder {

    private final Supplier<StoreChannels.Builder> channels;
    private @Nullable Path tokenFile;
    private @Nullable TokenSource tokenSource;
    private boolean jwtProjectTokens;
    private @Nullable String projectId;
    private CallHeaders headers = CallHeaders.none();
    private boolean allowPlaintext;
    private Duration timeout = Duration.ofSeconds(10);

    private Builder(Supplier<StoreChannels.Builder> channels) {
      this.channels = Objects.requireNonNull(channels, "channels");
    }

    /** Sets the token file. */
    public Builder tokenFile(Path file) {
      tokenFile = Objects.requireNonNull(file, "file");
      return this;
    }

    /** Sets the token source, which the caller closes. */
    public Builder tokenSource(TokenSource source) {
      tokenSource = Objects.requireNonNull(source, "source");
      return this;
    }

    /** Accepts a project token of the older scheme in the file. */
    public Builder allowProjectToken() {
      jwtProjectTokens = true;
      return this;
    }

    /** Sets the configured project id, valid or not. */
    public Builder projectId(String text) {
      projectId = Objects.requireNonNull(text, "text");
      return this;
    }

    /** Sets additional headers; their projectID is used only without a token. */
    public Builder headers(CallHeaders headers) {
      this.headers = Objects.requireNonNull(headers, "headers");
      return this;
    }

    /**
     * Allows sending the token in plaintext to other machines; to loopback it is always allowed.
     */
    public Builder allowPlaintextToken() {
      allowPlaintext = true;
      return this;
    }

    /**
     * Sets the timeout of each step; 10 s by default.
     *
     * @throws IllegalArgumentException if not positive, or longer than an hour
     */
    public Builder timeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(Duration.ofHours(1)) > 0) {
        throw new IllegalArgumentException(
            "timeout must be between 1 ns and 1 h, but was " + timeout);
      }
      this.timeout = timeout;
      return this;
    }

    /**
     * Returns the check.
     *
     * @throws IllegalArgumentException if the token is set twice
     */
    public StoreCheck build() {
      if (tokenFile != null && tokenSource != null) {
        throw new IllegalArgumentException(
            "tokenFile and tokenSource are mutually exclusive: set one of them");
      }
      return new StoreCheck(this);
    }
  }
}
