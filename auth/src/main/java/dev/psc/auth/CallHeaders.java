package dev.psc.auth;

import io.grpc.Metadata;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Additional gRPC metadata for every call. Names and values are checked before any call, since the
 * transport drops and logs illegal values.
 *
 * <p>Names are case-insensitive and sent in lower case; a repeated name is refused unless the
 * values are equal. {@code projectID} is kept apart, so that {@code --grpc-headers=projectID=…} can
 * be passed unchanged. Immutable. Values may be secret and are never printed.
 */
public final class CallHeaders {

  /** The limit on bytes of all names and values, with 32 bytes per entry as in HTTP/2. */
  static final long TOTAL_LIMIT_BYTES = 6 * 1024;

  private static final long ENTRY_OVERHEAD_BYTES = 32;
  private static final String PROJECT = "projectid";

  private static final Set<String> RESERVED =
      Set.of(
          "connection",
          "content-length",
          "content-type",
          "host",
          "http2-settings",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "user-agent");

  private static final CallHeaders NONE = builder().build();

  private final Map<String, String> values;
  private final @Nullable ProjectId projectId;

  private CallHeaders(Map<String, String> values, @Nullable ProjectId projectId) {
    this.values = values;
    this.projectId = projectId;
  }

  /** Returns no headers. */
  public static CallHeaders none() {
    return NONE;
  }

  /**
   * Parses assignments of a command line: {@code name=value}, white space around both ignored.
   *
   * @throws IllegalArgumentException if one is not legal; the message has its name, or its position
   *     if the name is missing, and never a value
   */
  public static CallHeaders parse(Iterable<String> assignments) {
    Builder builder = builder();
    int position = 0;
    for (String assignment : assignments) {
      position++;
      int equals = assignment.indexOf('=');
      if (equals <= 0) {
        throw new IllegalArgumentException(
            "header number " + position + " must be name=value, for example projectID=<uuid>");
      }
      builder.header(
          TokenText.strip(assignment.substring(0, equals)),
          TokenText.strip(assignment.substring(equals + 1)));
    }
    return builder.build();
  }

  /** Returns a builder without headers. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the project of {@code projectID}, if present. */
  public Optional<ProjectId> projectId() {
    return Optional.ofNullable(projectId);
  }

  /** Returns these headers without {@code projectID}. */
  public CallHeaders withoutProjectId() {
    return new CallHeaders(values, null);
  }

  /** Returns the names in lower case, sorted, {@code projectid} included. */
  public Set<String> names() {
    TreeMap<String, String> all = new TreeMap<>(values);
    if (projectId != null) {
      all.put(PROJECT, projectId.value());
    }
    return Set.copyOf(all.keySet());
  }

  /**
   * Returns new metadata with all headers, for a channel without a token: {@code
   * MetadataUtils.newAttachHeadersInterceptor(headers.toMetadata())}.
   */
  public Metadata toMetadata() {
    Metadata metadata = new Metadata();
    values.forEach((name, value) -> put(metadata, name, value));
    if (projectId != null) {
      put(metadata, PROJECT, projectId.value());
    }
    return metadata;
  }

  private static void put(Metadata metadata, String name, String value) {
    if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
      metadata.put(
          Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER),
          Base64.getDecoder().decode(value));
    } else {
      metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }
  }

  /** Returns the names, never the values. */
  @Override
  public String toString() {
    return "CallHeaders" + new TreeMap<>(values).keySet() + (projectId == null ? "" : "+projectid");
  }

  /** A builder of {@link CallHeaders}. Not thread-safe. */
  public static final class Builder {

    private final Map<String, String> values = new TreeMap<>();
    private @Nullable ProjectId projectId;
    private long totalBytes;

    private Builder() {}

    /**
     * Adds a header.
     *
     * @param name letters, digits, {@code _}, {@code -} and {@code .}; the value of a name that
     *     ends in {@code -bin} is base64
     * @param value printable ASCII without white space at the ends; all headers together at most 6
     *     KiB, since servers refuse a call whose metadata exceeds 8 KiB
     * @throws IllegalArgumentException if name, value or total size is not legal, the name is
     *     reserved or already has another value; the message never contains the value
     */
    public Builder header(String name, String value) {
      String lower = name.toLowerCase(Locale.ROOT);
      checkName(lower);
      if (lower.equals(PROJECT)) {
        ProjectId id = ProjectId.parse(value);
        if (projectId != null && !projectId.equals(id)) {
          throw new IllegalArgumentException(
              "header projectID is given twice with different values");
        }
        projectId = id;
        return this;
      }
      checkValue(lower, value);
      String earlier = values.putIfAbsent(lower, value);
      if (earlier != null) {
        if (!earlier.equals(value)) {
          throw new IllegalArgumentException(
              "header " + lower + " is given twice with different values: names ignore case");
        }
        return this;
      }
      totalBytes += lower.length() + value.length() + ENTRY_OVERHEAD_BYTES;
      if (totalBytes > TOTAL_LIMIT_BYTES) {
        throw new IllegalArgumentException(
            "with header "
                + lower
                + " all headers have "
                + totalBytes
                + " bytes in total, at most "
                + TOTAL_LIMIT_BYTES
                + " fit");
      }
      return this;
    }

    private static void checkName(String name) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a header has no name");
      }
      for (int i = 0; i < name.length(); i++) {
        char c = name.charAt(i);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && "_-.".indexOf(c) < 0) {
          // Without the name, which may be a value by mistake.
          throw new IllegalArgumentException(
              "a header name of length "
                  + name.length()
                  + " has an illegal character at index "
                  + i
                  + ": letters, digits, _ - . only");
        }
      }
      if (name.equals("authorization")) {
        throw new IllegalArgumentException(
            "header authorization comes from the token source: set the token there");
      }
      if (RESERVED.contains(name) || name.startsWith("grpc-")) {
        throw new IllegalArgumentException("header " + name + " is reserved for the transport");
      }
    }

    private static void checkValue(String name, String value) {
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        try {
          byte[] unused = Base64.getDecoder().decode(value);
        } catch (IllegalArgumentException e) {
          // Without the cause, whose message contains a character of the value.
          throw new IllegalArgumentException("header " + name + " must have a base64 value");
        }
        return;
      }
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        if (c < ' ' || c > '~') {
          throw new IllegalArgumentException(
              "header "
                  + name
                  + " has a value with an illegal character at index "
                  + i
                  + ": printable ASCII only");
        }
      }
      if (value.startsWith(" ") || value.endsWith(" ")) {
        throw new IllegalArgumentException(
            "header " + name + " has a value with white space at an end, which peers cut off");
      }
    }

    /** Returns the headers. */
    public CallHeaders build() {
      return new CallHeaders(Map.copyOf(values), projectId);
    }
  }
}
