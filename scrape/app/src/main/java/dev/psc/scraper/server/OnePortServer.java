package dev.psc.scraper.server;

import dev.psc.scraper.status.ProcessMetrics;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.local.LocalAddress;
import io.grpc.netty.shaded.io.netty.channel.local.LocalIoHandler;
import io.grpc.netty.shaded.io.netty.channel.local.LocalServerChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A server of HTTP/1.1 and gRPC (HTTP/2 without TLS) on one port.
 *
 * <p>A connection that begins with the HTTP/2 preface is relayed to a grpc-java server inside this
 * process; all others are HTTP/1.1. The server uses the Netty of grpc-java.
 *
 * <p>Anyone who reaches the port can send requests, so everything is limited: connections, the time
 * a client may take, gRPC calls per connection and in total, resets of calls per connection, and
 * the bytes that are buffered per connection. Health checks have separate threads.
 *
 * <p>Thread-safe. {@link #close()} stops within two seconds.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
public final class OnePortServer implements AutoCloseable {

  static final int MAX_CONNECTIONS = 512;
  static final int MAX_GRPC_CONNECTIONS = 64;
  static final int MAX_CALLS = 256;
  private static final int MAX_CALLS_PER_CONNECTION = 100;

  /** Netty's own limit for HTTP/2 servers; grpc-java has none by default. */
  private static final int MAX_RESETS = 200;

  private static final int RESETS_WINDOW_SECONDS = 30;
  private static final int WINDOW_BYTES = 64 << 10;

  /** The limit on profiles that others send: that of Parca's servers, or less in a small heap. */
  private static final int MAX_MESSAGE_BYTES =
      (int) Math.max(256 << 10, Math.min(4 << 20, Runtime.getRuntime().maxMemory() / 128));

  /** This many incomplete messages are in memory at most. */
  static final int MAX_REQUESTS_READ = 16;

  private static final Duration REQUEST_PATIENCE = Duration.ofSeconds(1);
  private static final int READ_BYTES = 16 << 10;
  private static final int BACKLOG = 256;

  private final EventLoopGroup loops;
  private final EventLoopGroup inside;
  private final Lanes lanes;
  private final ExecutorService health;
  private final ExecutorService calls;
  private final CallLimit callLimit;
  private final Server grpc;
  private final Connections connections;
  private final Channel listening;

  private OnePortServer(
      InetSocketAddress address,
      HttpExchange.Handler handler,
      List<BindableService> services,
      TokenGuard guard)
      throws IOException {
    loops =
        new MultiThreadIoEventLoopGroup(
            2, new DefaultThreadFactory("psc-http", true), NioIoHandler.newFactory());
    // Local channels need a different kind of event loop.
    inside =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("psc-grpc", true), LocalIoHandler.newFactory());
    lanes = new Lanes();
    health = unbounded("psc-grpc-health");
    calls = unbounded("psc-grpc-call");
    callLimit = new CallLimit(MAX_CALLS);
    connections = new Connections(maxConnections());
    LocalAddress inner = new LocalAddress("psc-grpc-" + System.nanoTime());
    grpc = grpc(inner, services, guard);
    boolean started = false;
    try {
      grpc.start();
      GrpcRelay relay = new GrpcRelay(inside, inner, MAX_GRPC_CONNECTIONS);
      HttpExchange.Handler guarded = guard.around(handler);
      listening =
          new ServerBootstrap()
              .group(loops)
              .channel(NioServerSocketChannel.class)
              .option(ChannelOption.SO_BACKLOG, BACKLOG)
              .handler(new AcceptFailures())
              .childOption(
                  ChannelOption.RECVBUF_ALLOCATOR,
                  new AdaptiveRecvByteBufAllocator(512, 2048, READ_BYTES))
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel
                          .pipeline()
                          .addLast(
                              new ProtocolSniffer(
                                  connections,
                                  relay,
                                  () ->
                                      new HttpRequests(
                                          guarded, guard.isRequired(), lanes, connections)));
                    }
                  })
              .bind(address)
              .syncUninterruptibly()
              .channel();
      loops.scheduleAtFixedRate(connections::closeLate, 1, 1, TimeUnit.SECONDS);
      started = true;
    } catch (Exception e) {
      // Netty rethrows the BindException unchecked.
      throw new IOException(
          "cannot listen on "
              + address
              + " ("
              + e.getMessage()
              + "): free the port or choose another with --http-address",
          e);
    } finally {
      if (!started) {
        closeServers();
      }
    }
  }

  /**
   * Binds the address and starts serving.
   *
   * @param address where to listen; port 0 selects a free one
   * @param handler handles HTTP requests that the guard permits
   * @param services the gRPC services
   * @param guard guards pages and gRPC services
   * @throws IOException when the address cannot be bound
   */
  public static OnePortServer start(
      InetSocketAddress address,
      HttpExchange.Handler handler,
      List<BindableService> services,
      TokenGuard guard)
      throws IOException {
    return new OnePortServer(address, handler, services, guard);
  }

  /** Connections leave most file descriptors of the process to scraping. */
  private static int maxConnections() {
    long limit = ProcessMetrics.maxFileDescriptors();
    return limit > 0 ? (int) Math.min(MAX_CONNECTIONS, limit / 4) : MAX_CONNECTIONS;
  }

  /** The queue is bounded by the limit on calls; grpc-java leaks a call whose task is rejected. */
  private static ExecutorService unbounded(String name) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            1,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory(name, true));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  private Server grpc(LocalAddress inner, List<BindableService> services, TokenGuard guard) {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(inner)
            .channelType(LocalServerChannel.class)
            .bossEventLoopGroup(inside)
            .workerEventLoopGroup(inside)
            // The interceptor that is added last is called first.
            .intercept(new RequestGate(MAX_REQUESTS_READ, REQUEST_PATIENCE, inside))
            .intercept(guard)
            .intercept(callLimit)
            .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
            .maxRstFramesPerWindow(MAX_RESETS, RESETS_WINDOW_SECONDS)
            .flowControlWindow(WINDOW_BYTES)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .maxConnectionIdle(90, TimeUnit.SECONDS)
            .permitKeepAliveTime(10, TimeUnit.SECONDS)
            .executor(health);
    builder.handshakeTimeout(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS);
    builder.callExecutor(
        new ServerCallExecutorSupplier() {
          @Override
          public <Q, A> Executor getExecutor(ServerCall<Q, A> call, Metadata headers) {
            return TokenGuard.isHealth(call) ? health : calls;
          }
        });
    services.forEach(builder::addService);
    return builder.build();
  }

  /** Returns the port that is listened on. */
  public int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /** Returns the number of open gRPC calls. */
  int openCalls() {
    return callLimit.open();
  }

  /** Returns the number of open connections. */
  int openConnections() {
    return connections.count();
  }

  @Override
  public void close() {
    listening.close();
    closeServers();
  }

  private void closeServers() {
    grpc.shutdownNow();
    lanes.close();
    try {
      // Calls are cancelled on these threads.
      grpc.awaitTermination(500, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    health.shutdown();
    calls.shutdownNow();
    inside.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
  }
}
