package dev.psc.scraper.server;

import dev.psc.scraper.server.HttpExchange.Answer;
import io.grpc.netty.shaded.io.netty.handler.codec.TooLongFrameException;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpHeaderNames;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpHeaders;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpMethod;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpRequest;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Checks of a request's head, before any handler runs. */
final class RequestCheck {

  private RequestCheck() {}

  /** Returns the response to a request that is not valid HTTP. */
  static Answer undecodable(Throwable cause) {
    return cause instanceof TooLongFrameException
        ? Answer.text(431, "request line or headers are too long\n")
        : Answer.text(400, "not a valid HTTP request\n");
  }

  /**
   * Returns the refusal of a {@code POST} that a page of another site makes in a browser, or null.
   *
   * <p>Such a page is recognized by its {@code Origin}, which differs from the {@code Host}; or,
   * where its name has been pointed to this address (DNS rebinding), by a host that is a public
   * name. Where a token is required, that page does not have it, and the host may be any name.
   */
  static @Nullable Answer foreignOrigin(HttpRequest request, boolean tokenRequired) {
    if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
      return null;
    }
    HttpHeaders headers = request.headers();
    String origin = headers.get(HttpHeaderNames.ORIGIN);
    String site = headers.get("sec-fetch-site");
    if (origin == null && site == null) {
      return null; // Not a browser.
    }
    String host = headers.get(HttpHeaderNames.HOST, "");
    if (origin != null && !sameHost(origin, host)) {
      return Answer.text(403, "the Origin of a POST must be this server\n");
    }
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      return Answer.text(403, "a POST from a page of another site is not allowed\n");
    }
    if (!tokenRequired && !isLocalName(host)) {
      return Answer.text(
          403,
          "a POST from a browser needs the server's IP address, localhost or a cluster-internal"
              + " name as host, or a token (--http-token-file)\n");
    }
    return null;
  }

  private static boolean sameHost(String origin, String host) {
    try {
      URI uri = URI.create(origin);
      return host.equalsIgnoreCase(uri.getAuthority());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Returns whether a host is an address or a name that public DNS does not resolve. */
  private static boolean isLocalName(String host) {
    String name = host.replaceFirst(":[0-9]+$", "").toLowerCase(Locale.ROOT);
    if (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    return name.startsWith("[")
        || name.matches("[0-9.]+")
        || !name.contains(".")
        || name.endsWith(".localhost")
        || name.endsWith(".local")
        || name.endsWith(".internal")
        || name.endsWith(".svc");
  }
}
