package dev.psc.store;

import dev.psc.net.ProxyAddress;
import dev.psc.store.StoreCheckStep.Name;
import io.grpc.Status;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of a {@link StoreCheck} below gRPC: name, TCP, CONNECT, TLS, and the first frame of
 * HTTP/2. They use a blocking socket, since a channel does not distinguish them.
 */
final class StoreConnection implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(StoreConnection.class);

  private static final byte[] PREFACE_AND_SETTINGS =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final int FRAME_HEADER_BYTES = 9;
  private static final int SETTINGS = 4;
  private static final int PROXY_ANSWER_LIMIT_BYTES = 8 * 1024;

  private final StoreChannels.Builder settings;
  private final StoreEndpoint endpoint;
  private final int timeoutMillis;
  private final StoreCheckSteps steps;
  private @Nullable Socket socket;

  StoreConnection(StoreChannels.Builder settings, Duration timeout, StoreCheckSteps steps) {
    this.settings = settings;
    this.endpoint = settings.endpoint();
    this.timeoutMillis = (int) Math.max(1, timeout.toMillis());
    this.steps = steps;
  }

  /** Adds the steps up to HTTP/2 or to the first failure, and returns whether all succeeded. */
  boolean check() {
    InetAddress[] addresses = resolve();
    if (addresses == null) {
      return false;
    }
    Socket tcp = connect(addresses);
    if (tcp == null) {
      return false;
    }
    if (endpoint.plaintext()) {
      steps.skipped(Name.TLS, "the store is configured as plaintext");
      return speakHttp2(tcp);
    }
    SSLSocket tls = handshake(tcp);
    return tls != null && speakHttp2(tls);
  }

  private @Nullable ProxyAddress proxy() {
    HttpProxy proxy = settings.proxy();
    return proxy == null ? null : proxy.address(endpoint.host(), endpoint.port()).orElse(null);
  }

  private InetAddress @Nullable [] resolve() {
    ProxyAddress proxy = proxy();
    try {
      if (proxy != null) {
        InetAddress[] addresses = {HttpProxy.resolved(proxy).getAddress()};
        steps.ok(Name.ADDRESS, "the proxy " + proxy + " resolves the store");
        return addresses;
      }
      InetAddress[] addresses = InetAddress.getAllByName(endpoint.host());
      steps.ok(Name.ADDRESS, endpoint.host() + " is " + addresses[0].getHostAddress());
      return addresses;
    } catch (UnknownHostException e) {
      steps.wrong(
          Name.ADDRESS,
          "the host "
              + (proxy == null ? endpoint.host() : "of the proxy " + proxy)
              + " cannot be resolved",
          "check the spelling, and the DNS of this machine");
      return null;
    }
  }

  private @Nullable Socket connect(InetAddress[] addresses) {
    ProxyAddress proxy = proxy();
    String to = proxy == null ? endpoint.authority() : "proxy " + proxy;
    String problem = "";
    for (InetAddress address : addresses) {
      Socket tcp = new Socket();
      socket = tcp;
      try {
        int port = proxy == null ? endpoint.port() : proxy.port();
        tcp.connect(new InetSocketAddress(address, port), timeoutMillis);
        tcp.setSoTimeout(timeoutMillis);
        if (proxy != null) {
          openTunnel(tcp, proxy);
        }
        steps.ok(Name.TCP, to + " accepts connections");
        return tcp;
      } catch (IOException e) {
        problem = String.valueOf(e.getMessage());
        close();
      }
    }
    steps.wrong(
        Name.TCP,
        "no connection to " + to + ": " + problem,
        "check host and port, that the store is running, and firewalls");
    return null;
  }

  private void openTunnel(Socket tcp, ProxyAddress proxy) throws IOException {
    StringBuilder request =
        new StringBuilder("CONNECT ")
            .append(endpoint.authority())
            .append(" HTTP/1.1\r\nHost: ")
            .append(endpoint.authority())
            .append("\r\n");
    proxy
        .basicAuthorization()
        .ifPresent(value -> request.append("Proxy-Authorization: ").append(value).append("\r\n"));
    tcp.getOutputStream()
        .write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    InputStream in = tcp.getInputStream();
    while (answer.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0 || answer.length() > PROXY_ANSWER_LIMIT_BYTES) {
        throw new IOException("the response of the proxy to CONNECT is not valid HTTP");
      }
      answer.append((char) b);
    }
    String line = answer.substring(0, answer.indexOf("\r\n"));
    if (!line.matches("HTTP/1\\.[01] 2[0-9][0-9].*")) {
      throw new IOException("the proxy refused the tunnel: " + line);
    }
  }

  private @Nullable SSLSocket handshake(Socket tcp) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(settings.keyManagers(), settings.trustManagers(), null);
      SSLSocket tls =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(tcp, settings.expectedServerName(), endpoint.port(), true);
      socket = tls;
      SSLParameters parameters = tls.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      if (settings.verifies()) {
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
      }
      tls.setSSLParameters(parameters);
      tls.startHandshake();
      steps.ok(
          Name.TLS,
          tls.getSession().getProtocol()
              + (settings.verifies() ? ", the certificate is trusted" : ", NOT verified"));
      return tls;
    } catch (IOException e) {
      Status explained = TransportHints.explain(Status.UNAVAILABLE.withCause(e), endpoint);
      String description = explained.getDescription();
      String alpn = String.valueOf(e.getMessage());
      if (alpn.contains("no_application_protocol")) {
        steps.ok(Name.TLS, "the server supports TLS");
        noHttp2();
      } else {
        steps.wrong(
            Name.TLS,
            "the handshake failed: " + e.getMessage(),
            description == null
                ? "check that this is the store's TLS port, and the certificates on both sides"
                : description);
      }
      return null;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      steps.wrong(Name.TLS, String.valueOf(e.getMessage()), "correct the certificate or key file");
      return null;
    }
  }

  private boolean speakHttp2(Socket connection) {
    if (connection instanceof SSLSocket tls && !"h2".equals(tls.getApplicationProtocol())) {
      noHttp2();
      return false;
    }
    String problem;
    try {
      OutputStream out = connection.getOutputStream();
      out.write(PREFACE_AND_SETTINGS);
      out.flush();
      byte[] header = connection.getInputStream().readNBytes(FRAME_HEADER_BYTES);
      if (header.length == FRAME_HEADER_BYTES && header[3] == SETTINGS) {
        steps.ok(Name.HTTP2, "the server supports HTTP/2");
        return true;
      }
      if (header.length >= 2 && (header[0] == 0x15 || header[0] == 0x16) && header[1] == 3) {
        steps.wrong(
            Name.HTTP2,
            endpoint.authority() + " requires TLS, but the channel is plaintext",
            "use https:// or omit --insecure");
        return false;
      }
      if (new String(header, StandardCharsets.US_ASCII).startsWith("HTTP/")) {
        noHttp2();
        return false;
      }
      if (header.length == 0) {
        throw new EOFException("the server closed the connection without a response");
      }
      problem = "the response of the server is not HTTP/2";
    } catch (SocketTimeoutException e) {
      problem = "the server did not respond in time";
    } catch (IOException e) {
      problem = String.valueOf(e.getMessage());
    }
    steps.wrong(
        Name.HTTP2,
        problem,
        endpoint.plaintext()
            ? "the store may require TLS: use https://; or check host and port"
            : "check host and port of the store");
    return false;
  }

  private void noHttp2() {
    steps.wrong(
        Name.HTTP2,
        endpoint.authority() + " supports HTTP/1 only, but gRPC requires HTTP/2",
        "check host and port of the store, and that a proxy in front of it forwards HTTP/2");
  }

  @Override
  public void close() {
    Socket open = socket;
    socket = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        logger.debug("Cannot close the connection to {}", endpoint, e);
      }
    }
  }
}
