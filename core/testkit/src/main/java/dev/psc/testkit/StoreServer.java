package dev.psc.testkit;

import dev.psc.net.DaemonThreads;
import io.grpc.BindableService;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The gRPC server of an embedded store: its port, certificate and threads. Thread-safe. */
@SuppressWarnings("FutureReturnValueIgnored") // the end of event loops is not waited for
final class StoreServer implements AutoCloseable {

  private static final int STOP_SECONDS = 5;
  private static final int THREADS = 16;

  private static final int MAX_CONNECTIONS = 256;
  private static final int BACKLOG = 128;
  private static final int MAX_CALLS_PER_CONNECTION = 1_000;

  /** Clients of tests may cancel many calls, but none cancels thousands in seconds. */
  private static final int MAX_RESETS = 2_000;

  private static final int RESETS_WINDOW_SECONDS = 10;
  private static final int HANDSHAKE_SECONDS = 20;

  private final @Nullable TestCertificates certificates;
  private final InetAddress bindAddress;
  private final int maxMessageBytes;
  private final StoreConnections connections = new StoreConnections(MAX_CONNECTIONS);
  private final EventLoopGroup accepting = eventLoops(1);
  private final EventLoopGroup serving = eventLoops(2);
  private final ExecutorService executor;
  private final ScheduledExecutorService timer;
  private int port;
  private @Nullable Server server;

  /** The port of OTLP over HTTP, 0 for a free one, or negative for none. */
  private int httpPort;

  private @Nullable OtlpHttpServer http;

  StoreServer(
      @Nullable TestCertificates certificates,
      InetAddress bindAddress,
      int port,
      int httpPort,
      int maxMessageBytes) {
    this.certificates = certificates;
    this.bindAddress = bindAddress;
    this.port = port;
    this.httpPort = httpPort;
    this.maxMessageBytes = maxMessageBytes;
    ThreadFactory threads = DaemonThreads.named("psc-embedded-store");
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS, THREADS, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    pool.allowCoreThreadTimeOut(true);
    executor = pool;
    timer = Executors.newSingleThreadScheduledExecutor(threads);
  }

  /** The class that is there in older versions of gRPC too, which applications bring. */
  @SuppressWarnings("deprecation")
  private static EventLoopGroup eventLoops(int threads) {
    return new NioEventLoopGroup(threads, new DefaultThreadFactory("psc-embedded-store-io", true));
  }

  /** Returns the executor for delayed answers. */
  ScheduledExecutorService timer() {
    return timer;
  }

  /** Starts listening; does nothing if the server is listening. */
  synchronized void start(
      BindableService service, BindableService otlp, ServerInterceptor interceptor) {
    if (executor.isShutdown()) {
      throw new IllegalStateException("the store is closed");
    }
    if (server != null) {
      return;
    }
    HealthStatusManager health = new HealthStatusManager();
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(bindAddress, port), serverCredentials())
              .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
              .channelFactory(() -> new StoreSocket(connections))
              .bossEventLoopGroup(accepting)
              .workerEventLoopGroup(serving)
              .addTransportFilter(connections)
              .executor(executor)
              .maxInboundMessageSize(maxMessageBytes)
              .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
              .maxRstFramesPerWindow(MAX_RESETS, RESETS_WINDOW_SECONDS)
              .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
              .addService(service)
              .addService(otlp)
              .addService(health.getHealthService())
              .intercept(interceptor)
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the store cannot listen on " + bindAddress.getHostAddress() + ":" + port, e);
    }
    port = server.getPort();
    if (httpPort >= 0) {
      try {
        http =
            new OtlpHttpServer(
                certificates,
                new InetSocketAddress(bindAddress, httpPort),
                maxMessageBytes,
                channel().build());
      } catch (UncheckedIOException e) {
        stop();
        throw e;
      }
      httpPort = http.port();
    }
  }

  private ServerCredentials serverCredentials() {
    if (certificates == null) {
      return InsecureServerCredentials.create();
    }
    try {
      return TlsServerCredentials.create(certificates.serverChain(), certificates.serverKey());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use the server certificate", e);
    }
  }

  /** Stops listening and cuts every connection. */
  synchronized void stop() {
    if (http != null) {
      http.close();
      http = null;
    }
    Server running = server;
    server = null;
    if (running == null) {
      return;
    }
    running.shutdownNow();
    try {
      if (!running.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the store did not stop in " + STOP_SECONDS + " s");
      }
      // The selector releases the port in its next round, in which a scheduled task runs.
      var unused =
          accepting
              .schedule(() -> {}, 1, TimeUnit.MILLISECONDS)
              .await(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized int port() {
    return port;
  }

  String address() {
    return host() + ":" + port();
  }

  synchronized String httpEndpoint() {
    if (httpPort < 0) {
      throw new IllegalStateException("the builder's otlpHttpPort was not set");
    }
    return (certificates == null ? "http://" : "https://") + host() + ":" + httpPort;
  }

  private String host() {
    String host = bindAddress.isAnyLocalAddress() ? "127.0.0.1" : bindAddress.getHostAddress();
    return host.contains(":") ? "[" + host + "]" : host;
  }

  String authorityPem() {
    if (certificates == null) {
      throw new IllegalStateException("the store uses plaintext and has no certificate");
    }
    return certificates.authorityPem();
  }

  /** Opens a channel to this server that trusts its certificate. */
  ManagedChannel openChannel(ClientInterceptor interceptor) {
    return channel().intercept(interceptor).build();
  }

  private NettyChannelBuilder channel() {
    return NettyChannelBuilder.forTarget(address(), channelCredentials()).disableRetry();
  }

  private ChannelCredentials channelCredentials() {
    if (certificates == null) {
      return InsecureChannelCredentials.create();
    }
    try {
      return TlsChannelCredentials.newBuilder()
          .trustManager(
              new ByteArrayInputStream(authorityPem().getBytes(StandardCharsets.US_ASCII)))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use the certificate authority", e);
    }
  }

  @Override
  public void close() {
    stop();
    executor.shutdownNow();
    timer.shutdownNow();
    accepting.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    serving.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
