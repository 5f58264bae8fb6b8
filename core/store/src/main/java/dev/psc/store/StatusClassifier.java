package dev.psc.store;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.net.LogText;
import dev.psc.store.proto.rpc.RetryInfo;
import dev.psc.store.proto.rpc.StatusDetails;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A classifier of the responses of a store. No other class of the sink inspects status codes. */
final class StatusClassifier {

  static final int MESSAGE_LIMIT = 512;

  static final String INVALID_PROJECT = "invalid_project";

  static final Set<Status.Code> DEFAULT_RETRYABLE =
      Set.of(
          Status.Code.CANCELLED,
          Status.Code.UNKNOWN,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.ABORTED,
          Status.Code.INTERNAL,
          Status.Code.UNAVAILABLE,
          Status.Code.DATA_LOSS);

  private static final Set<Status.Code> BLOCKING =
      Set.of(
          Status.Code.UNAUTHENTICATED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNIMPLEMENTED,
          Status.Code.NOT_FOUND,
          Status.Code.FAILED_PRECONDITION);

  /**
   * The texts of grpc-java, grpc-go, gRPC core, tonic and proxies for a message above a limit. The
   * code alone is ambiguous: it also means "slow down".
   */
  private static final Pattern TOO_LARGE_WORDS =
      Pattern.compile(
          "larger than max|exceeds maximum size|exceeds the maximum|message length too large"
              + "|message too large|HTTP status code 413|request entity too large",
          Pattern.CASE_INSENSITIVE);

  /** The text of a fault in the project id, unless it is about a label or profile. */
  private static final Pattern PROJECT_WORDS =
      Pattern.compile("\\bproject[ _-]?id\\b", Pattern.CASE_INSENSITIVE);

  private static final Pattern CONTENT_WORDS =
      Pattern.compile("\\b(label|profile)\\b", Pattern.CASE_INSENSITIVE);

  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static final String RETRY_INFO_TYPE = "/google.rpc.RetryInfo";

  private final Set<Status.Code> retryable;

  StatusClassifier(Set<Status.Code> retryable) {
    this.retryable = Set.copyOf(retryable);
  }

  /** Returns the outcome of a failed call; {@code store} names the store in messages. */
  SendOutcome classify(Throwable failure, String store) {
    Status status = Status.fromThrowable(failure);
    Status.Code code = status.getCode();
    String reason = code.name().toLowerCase(Locale.ROOT);
    String message = "store " + store + ": " + code + words(status);
    if (isTooLarge(failure)) {
      return new SendOutcome.Rejected(SendOutcome.Rejected.TOO_LARGE, shortened(message));
    }
    if (retryable.contains(code)) {
      Optional<Duration> delay = delay(failure);
      return new SendOutcome.Retry(reason, shortened(message), delay);
    }
    if (BLOCKING.contains(code)) {
      return new SendOutcome.Blocked(reason, shortened(message, advice(status)));
    }
    if (isAboutProject(status)) {
      return new SendOutcome.Blocked(
          INVALID_PROJECT,
          shortened(
              message, " (check the project id: a UUID from the project's settings, sent once)"));
    }
    // INVALID_ARGUMENT, OUT_OF_RANGE, ALREADY_EXISTS, and codes removed from the retryable ones.
    return new SendOutcome.Rejected(reason, shortened(message));
  }

  /**
   * Returns a hint, unless the status has one: psc-auth's interceptor adds it after a dash, and a
   * status that was created on this side has a cause.
   */
  private static String advice(Status status) {
    String said = status.getDescription();
    if (status.getCause() != null || (said != null && said.contains(" — "))) {
      return "";
    }
    return switch (status.getCode()) {
      case UNAUTHENTICATED ->
          " (check that the token is complete, not revoked, and of this" + " organization)";
      case PERMISSION_DENIED ->
          " (check the project id, and that the service account has the role Profile Writer for it)";
      case UNIMPLEMENTED, NOT_FOUND ->
          " (check the store's address and any proxy: no profile store was found there)";
      default -> "";
    };
  }

  /**
   * Returns whether the project id is missing or malformed; the profiles are valid in this case.
   */
  private static boolean isAboutProject(Status status) {
    String said = status.getDescription();
    return status.getCode() == Status.Code.INVALID_ARGUMENT
        && said != null
        && PROJECT_WORDS.matcher(said).find()
        && !CONTENT_WORDS.matcher(said).find();
  }

  private static String words(Status status) {
    String description = status.getDescription();
    StringBuilder text = new StringBuilder();
    if (description != null && !description.isBlank()) {
      text.append(": ").append(LogText.line(description, MESSAGE_LIMIT));
    }
    String cause = rootMessage(status.getCause());
    if (cause != null && text.indexOf(cause) < 0) {
      text.append(": ").append(cause);
    }
    return text.toString();
  }

  /** Returns the innermost message, since that of gRPC may be "io exception" only. */
  private static @Nullable String rootMessage(@Nullable Throwable cause) {
    String message = null;
    int depth = 0;
    for (Throwable t = cause; t != null && depth < 16; t = t.getCause(), depth++) {
      String own = t.getMessage();
      if (own != null && !own.isBlank()) {
        message = LogText.line(own, MESSAGE_LIMIT);
      }
    }
    return message;
  }

  private static boolean isTooLarge(Throwable failure) {
    int depth = 0;
    for (Throwable t = failure; t != null && depth < 16; t = t.getCause(), depth++) {
      String own = t.getMessage();
      if (own != null && TOO_LARGE_WORDS.matcher(own).find()) {
        Status.Code code = Status.fromThrowable(t).getCode();
        // INVALID_ARGUMENT and similar codes may quote any text and are classified by the code.
        return code == Status.Code.RESOURCE_EXHAUSTED
            || code == Status.Code.CANCELLED
            || code == Status.Code.OUT_OF_RANGE
            || code == Status.Code.UNKNOWN
            || code == Status.Code.INTERNAL;
      }
    }
    return false;
  }

  private static Optional<Duration> delay(Throwable failure) {
    Metadata trailers =
        failure instanceof StatusRuntimeException exception ? exception.getTrailers() : null;
    if (trailers == null) {
      return Optional.empty();
    }
    String pushback = trailers.get(PUSHBACK);
    if (pushback != null) {
      try {
        long millis = Long.parseLong(pushback.strip());
        // A negative value means "do not retry this call", but the caller makes a new one.
        return millis < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
    byte[] details = trailers.get(DETAILS);
    return details == null ? Optional.empty() : retryInfo(details);
  }

  private static Optional<Duration> retryInfo(byte[] details) {
    try {
      for (Any any : StatusDetails.parseFrom(details).getDetailsList()) {
        if (any.getTypeUrl().endsWith(RETRY_INFO_TYPE)) {
          com.google.protobuf.Duration delay = RetryInfo.parseFrom(any.getValue()).getRetryDelay();
          Duration parsed = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
          return parsed.isNegative() ? Optional.empty() : Optional.of(parsed);
        }
      }
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      // The hint is optional, so unreadable details are ignored.
      return Optional.empty();
    }
    return Optional.empty();
  }

  static String shortened(String message) {
    return shortened(message, "");
  }

  /** Truncates the message, so that it has at most 512 characters with the suffix. */
  private static String shortened(String message, String after) {
    return LogText.line(message, MESSAGE_LIMIT - 1 - after.length()) + after;
  }
}
