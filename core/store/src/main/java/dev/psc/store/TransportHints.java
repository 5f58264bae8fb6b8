package dev.psc.store;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * An interceptor that adds the likely cause to the status of a failed connection, since the
 * description of the transport is only "io exception". Code, cause and trailers are unchanged.
 */
final class TransportHints implements ClientInterceptor {

  private static final Pattern PIPELINE = Pattern.compile("\\s*Channel Pipeline: \\[[^]]*]");

  /** The limit on inspected causes, which may be a cycle. */
  private static final int CAUSE_LIMIT = 16;

  private final StoreEndpoint endpoint;

  TransportHints(StoreEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<Q, R>(next.newCall(method, options)) {
      @Override
      public void start(Listener<R> listener, Metadata headers) {
        super.start(
            new SimpleForwardingClientCallListener<R>(listener) {
              @Override
              public void onClose(Status status, Metadata trailers) {
                super.onClose(explain(status, endpoint), trailers);
              }
            },
            headers);
      }
    };
  }

  static Status explain(Status status, StoreEndpoint endpoint) {
    String hint = hint(status, endpoint);
    if (hint == null) {
      return status;
    }
    String said = status.getDescription();
    if (said == null) {
      return status.withDescription(hint);
    }
    // Class names of the transport do not help a reader.
    String plain = PIPELINE.matcher(said).replaceAll("").strip();
    return status.withDescription(plain.isEmpty() ? hint : plain + " — " + hint);
  }

  private static @Nullable String hint(Status status, StoreEndpoint endpoint) {
    if (status.isOk()) {
      return null;
    }
    StringBuilder said = new StringBuilder(String.valueOf(status.getDescription()));
    int depth = 0;
    for (Throwable cause = status.getCause();
        cause != null && depth < CAUSE_LIMIT;
        cause = cause.getCause(), depth++) {
      String hint = ofCause(cause, endpoint);
      if (hint != null) {
        return hint;
      }
      said.append(' ').append(cause.getMessage());
    }
    return ofText(said.toString().toLowerCase(Locale.ROOT), status.getCode(), endpoint);
  }

  private static @Nullable String ofCause(Throwable cause, StoreEndpoint endpoint) {
    // By name: the transport has its own copy of Netty under another package.
    if (cause.getClass().getSimpleName().equals("NotSslRecordException")) {
      return plaintextServer(endpoint);
    }
    if (cause instanceof UnknownHostException) {
      return "the host " + endpoint.host() + " cannot be resolved: check its spelling";
    }
    if (cause instanceof ConnectException) {
      return "nothing listens at " + endpoint.authority() + ", or a firewall blocks the connection";
    }
    if (cause instanceof CertPathBuilderException) {
      return "the certificate of "
          + endpoint.authority()
          + " is not signed by a trusted authority: set caFile (PSC_CA_FILE) to the PEM file of its"
          + " authority";
    }
    if (cause instanceof CertificateExpiredException) {
      return "the certificate of " + endpoint.authority() + " has expired";
    }
    if (cause instanceof CertificateException
        && String.valueOf(cause.getMessage()).startsWith("No ")) {
      return "the certificate of "
          + endpoint.authority()
          + " is for another name: use the name in it as the address or as the server name";
    }
    if (cause instanceof SSLException && String.valueOf(cause.getMessage()).contains("ALPN")) {
      return endpoint.authority() + " supports TLS, but not HTTP/2, which gRPC requires";
    }
    return null;
  }

  private static @Nullable String ofText(String said, Status.Code code, StoreEndpoint endpoint) {
    if (said.contains("alpn")) {
      return endpoint.authority() + " supports TLS, but not HTTP/2, which gRPC requires";
    }
    if (said.contains("not an ssl/tls record")
        || said.contains("unsupported or unrecognized ssl message")) {
      return plaintextServer(endpoint);
    }
    if (said.contains("hex dump") || said.contains("first received frame was not settings")) {
      // The first bytes: 15 03 or 16 03 is a TLS record, 48 54 54 50 is "HTTP".
      if (said.matches("(?s).*(dump|bytes)[^0-9a-f]*1[56]03.*")) {
        return tlsServer(endpoint);
      }
      return endpoint.authority()
          + " does not respond in HTTP/2, which gRPC requires (an HTTP/1 server?)";
    }
    if (code == Status.Code.UNAVAILABLE
        && endpoint.plaintext()
        && (said.contains("network closed for unknown reason")
            || said.contains("connection reset"))) {
      return endpoint.authority()
          + " closed the connection without a response: it may require TLS (https://)";
    }
    return null;
  }

  private static String plaintextServer(StoreEndpoint endpoint) {
    return endpoint.authority()
        + " does not support TLS: if plaintext is intended, use http://"
        + endpoint.authority()
        + " (plaintext)";
  }

  private static String tlsServer(StoreEndpoint endpoint) {
    return endpoint.authority()
        + " requires TLS, but the channel is plaintext: use https://"
        + endpoint.authority();
  }
}
