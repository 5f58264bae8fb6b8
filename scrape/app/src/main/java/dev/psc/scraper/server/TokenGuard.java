package dev.psc.scraper.server;

import dev.psc.net.RegularFile;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.server.HttpExchange.Answer;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A check of the token of {@code --http-token-file}, sent as {@code Bearer} or, for browsers, as
 * the password of HTTP Basic. Health endpoints require no token.
 */
public final class TokenGuard implements ServerInterceptor {

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final String HEALTH = "grpc.health.v1.Health/";

  private static final int MAX_FILE_BYTES = 64 << 10;

  private final byte @Nullable [] token;

  private TokenGuard(byte @Nullable [] token) {
    this.token = token;
  }

  public static TokenGuard open() {
    return new TokenGuard(null);
  }

  /**
   * Reads the token once; a change needs a restart.
   *
   * @throws UsageException when the file cannot be read or is empty
   */
  public static TokenGuard ofFile(Path file) throws UsageException {
    String text;
    try {
      RegularFile.check(file);
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new UsageException(
            "--http-token-file: " + file + " is larger than " + MAX_FILE_BYTES + " bytes");
      }
      text = Files.readString(file).strip();
    } catch (IOException e) {
      throw new UsageException("--http-token-file: " + file + " cannot be read: " + e);
    }
    if (text.isEmpty()) {
      throw new UsageException("--http-token-file: " + file + " is empty; write a token to it");
    }
    return new TokenGuard(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns whether pages need a token. */
  boolean isRequired() {
    return token != null;
  }

  HttpExchange.Handler around(HttpExchange.Handler handler) {
    return exchange -> {
      String path = exchange.path();
      if (path.equals("/healthz") || path.equals("/readyz") || permits(exchange.authorization())) {
        return handler.handle(exchange);
      }
      return new Answer(
          401,
          "text/plain; charset=utf-8",
          Map.of("www-authenticate", "Basic realm=\"psc-scraper\""),
          "send the token of --http-token-file as Bearer or as the password of HTTP Basic\n"
              .getBytes(StandardCharsets.UTF_8));
    };
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (isHealth(call) || permits(headers.get(AUTHORIZATION))) {
      return next.startCall(call, headers);
    }
    call.close(
        Status.UNAUTHENTICATED.withDescription("send the token of --http-token-file as Bearer"),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }

  /** Returns whether a call is one of the health service. */
  static boolean isHealth(ServerCall<?, ?> call) {
    return call.getMethodDescriptor().getFullMethodName().startsWith(HEALTH);
  }

  private boolean permits(@Nullable String authorization) {
    if (token == null) {
      return true;
    }
    if (authorization == null) {
      return false;
    }
    byte[] given;
    if (authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      given = authorization.substring(7).strip().getBytes(StandardCharsets.UTF_8);
    } else if (authorization.regionMatches(true, 0, "Basic ", 0, 6)) {
      given = password(authorization.substring(6).strip());
    } else {
      return false;
    }
    return MessageDigest.isEqual(token, given);
  }

  private static byte[] password(String encoded) {
    try {
      String pair = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
      return pair.substring(pair.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }
}
