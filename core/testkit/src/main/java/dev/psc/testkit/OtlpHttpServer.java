package dev.psc.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.psc.net.DaemonThreads;
import dev.psc.net.Pem;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * OTLP over HTTP with protobuf bodies: each request becomes a call of the store's own gRPC server,
 * so that the access check, the limits and the injected faults are the same. Thread-safe.
 */
final class OtlpHttpServer implements AutoCloseable {

  static final String PATH = "/v1development/profiles";

  private static final String PROTOBUF = "application/x-protobuf";
  private static final int THREADS = 16;
  private static final int BACKLOG = 128;
  private static final List<String> FORWARDED = List.of("authorization", "projectid");
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final HttpServer server;
  private final ManagedChannel store;
  private final int maxMessageBytes;
  private final ExecutorService executor;

  /** An answer other than 200, with the code and message of {@code google.rpc.Status}. */
  private static final class AnswerException extends Exception {

    private static final long serialVersionUID = 1;

    private final int http;
    private final Status.Code code;
    private final @Nullable String retryAfter;

    AnswerException(int http, Status.Code code, String message) {
      this(http, code, message, null);
    }

    AnswerException(int http, Status.Code code, String message, @Nullable String retryAfter) {
      super(message);
      this.http = http;
      this.code = code;
      this.retryAfter = retryAfter;
    }
  }

  /**
   * Starts listening.
   *
   * @param certificates null for plaintext
   * @param store a channel to the gRPC server, which is shut down by {@link #close}
   */
  OtlpHttpServer(
      @Nullable TestCertificates certificates,
      InetSocketAddress address,
      int maxMessageBytes,
      ManagedChannel store) {
    this.store = store;
    this.maxMessageBytes = maxMessageBytes;
    try {
      if (certificates == null) {
        server = HttpServer.create(address, BACKLOG);
      } else {
        HttpsServer https = HttpsServer.create(address, BACKLOG);
        https.setHttpsConfigurator(new HttpsConfigurator(context(certificates)));
        server = https;
      }
    } catch (IOException e) {
      store.shutdownNow();
      throw new UncheckedIOException("the store cannot listen on " + address, e);
    }
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            DaemonThreads.named("psc-embedded-store-http"));
    pool.allowCoreThreadTimeOut(true);
    executor = pool;
    server.setExecutor(executor);
    server.createContext("/", this::handle);
    // The thread that accepts connections is a daemon if the one that starts it is.
    CompletableFuture.runAsync(server::start, executor).join();
  }

  private static SSLContext context(TestCertificates certificates) {
    try {
      X509Certificate certificate = Pem.certificates(certificates.serverPem()).get(0);
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry(
          "server",
          Pem.privateKey(certificates.serverKeyPem(), certificate),
          new char[0],
          new Certificate[] {certificate});
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("cannot use the server certificate", e);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", PROTOBUF);
      try {
        byte[] response = export(exchange);
        exchange.sendResponseHeaders(200, response.length == 0 ? -1 : response.length);
        exchange.getResponseBody().write(response);
      } catch (AnswerException e) {
        byte[] status = status(e);
        if (e.retryAfter != null) {
          exchange.getResponseHeaders().set("Retry-After", e.retryAfter);
        }
        exchange.sendResponseHeaders(e.http, status.length);
        exchange.getResponseBody().write(status);
      }
    }
  }

  private byte[] export(HttpExchange exchange) throws IOException, AnswerException {
    if (!exchange.getRequestURI().getPath().equals(PATH)) {
      throw new AnswerException(404, Status.Code.NOT_FOUND, "OTLP profiles are taken at " + PATH);
    }
    if (!exchange.getRequestMethod().equals("POST")) {
      exchange.getResponseHeaders().set("Allow", "POST");
      throw new AnswerException(405, Status.Code.UNIMPLEMENTED, "the method must be POST");
    }
    Headers headers = exchange.getRequestHeaders();
    String type = first(headers, "Content-Type").split(";", 2)[0].strip();
    if (!type.equalsIgnoreCase(PROTOBUF)) {
      throw new AnswerException(
          415, Status.Code.INVALID_ARGUMENT, "Content-Type must be " + PROTOBUF);
    }
    byte[] request = body(exchange.getRequestBody(), first(headers, "Content-Encoding"));
    Metadata metadata = new Metadata();
    for (String name : FORWARDED) {
      for (String value : headers.getOrDefault(name, List.of())) {
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
      }
    }
    try {
      return ClientCalls.blockingUnaryCall(
          ClientInterceptors.intercept(store, MetadataUtils.newAttachHeadersInterceptor(metadata)),
          OtlpService.EXPORT,
          CallOptions.DEFAULT,
          request);
    } catch (StatusRuntimeException e) {
      throw answer(e);
    }
  }

  private static String first(Headers headers, String name) {
    String value = headers.getFirst(name);
    return value == null ? "" : value;
  }

  private byte[] body(InputStream in, String encoding) throws IOException, AnswerException {
    byte[] bytes = bounded(in);
    switch (encoding.strip().toLowerCase(Locale.ROOT)) {
      case "", "identity" -> {
        return bytes;
      }
      case "gzip" -> {
        try (InputStream gzip = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          return bounded(gzip);
        } catch (IOException e) {
          throw new AnswerException(
              400, Status.Code.INVALID_ARGUMENT, "the body is not gzip: " + e.getMessage());
        }
      }
      default ->
          throw new AnswerException(
              415, Status.Code.INVALID_ARGUMENT, "Content-Encoding must be gzip or identity");
    }
  }

  private byte[] bounded(InputStream in) throws IOException, AnswerException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] piece = new byte[1 << 14];
    for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
      if (n > maxMessageBytes - out.size()) {
        throw new AnswerException(
            413,
            Status.Code.RESOURCE_EXHAUSTED,
            "the request is larger than " + maxMessageBytes + " bytes");
      }
      out.write(piece, 0, n);
    }
    return out.toByteArray();
  }

  private static AnswerException answer(StatusRuntimeException failure) {
    Status status = failure.getStatus();
    int http =
        switch (status.getCode()) {
          case INVALID_ARGUMENT, FAILED_PRECONDITION -> 400;
          case UNAUTHENTICATED -> 401;
          case PERMISSION_DENIED -> 403;
          case NOT_FOUND -> 404;
          case RESOURCE_EXHAUSTED -> 429;
          case UNIMPLEMENTED -> 501;
          case CANCELLED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS -> 503;
          case DEADLINE_EXCEEDED -> 504;
          default -> 500;
        };
    String message = status.getDescription() == null ? "" : status.getDescription();
    boolean retryable = http == 429 || http == 503;
    return new AnswerException(
        http, status.getCode(), message, retryable ? retryAfter(failure.getTrailers()) : null);
  }

  /** Returns the seconds of {@code RetryInfo}, rounded up, or null. */
  private static @Nullable String retryAfter(@Nullable Metadata trailers) {
    byte[] details = trailers == null ? null : trailers.get(DETAILS);
    if (details == null) {
      return null;
    }
    try {
      for (ByteString detail : fields(details, 3)) {
        UnknownFieldSet any = UnknownFieldSet.parseFrom(detail);
        List<ByteString> url = any.getField(1).getLengthDelimitedList();
        if (!url.isEmpty() && url.get(0).toStringUtf8().endsWith("/google.rpc.RetryInfo")) {
          for (ByteString info : any.getField(2).getLengthDelimitedList()) {
            for (ByteString delay : fields(info.toByteArray(), 1)) {
              UnknownFieldSet duration = UnknownFieldSet.parseFrom(delay);
              long seconds =
                  duration.getField(1).getVarintList().stream().reduce(0L, (a, b) -> b)
                      + (duration.hasField(2) ? 1 : 0);
              return String.valueOf(seconds);
            }
          }
        }
      }
    } catch (InvalidProtocolBufferException e) {
      return null; // trailers that a test made up
    }
    return null;
  }

  private static List<ByteString> fields(byte[] message, int field)
      throws InvalidProtocolBufferException {
    return UnknownFieldSet.parseFrom(message).getField(field).getLengthDelimitedList();
  }

  /** Returns {@code google.rpc.Status}, which the OTLP specification demands as the body. */
  private static byte[] status(AnswerException answer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeInt32(1, answer.code.value());
    out.writeString(2, String.valueOf(answer.getMessage()));
    out.flush();
    return bytes.toByteArray();
  }

  /** Stops listening and cuts every connection. */
  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
    store.shutdownNow();
  }
}
