package dev.psc.scraper.server;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.local.LocalAddress;
import io.grpc.netty.shaded.io.netty.channel.local.LocalIoHandler;
import io.grpc.netty.shaded.io.netty.channel.local.LocalServerChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.timeout.IdleStateHandler;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A server of HTTP/1.1 and gRPC (HTTP/2 without TLS) on one port.
 *
 * <p>A connection that begins with the HTTP/2 preface is relayed to a grpc-java server inside this
 * process; all others are HTTP/1.1. The server uses the Netty of grpc-java.
 *
 * <p>Thread-safe. {@link #close()} stops within two seconds.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
public final class OnePortServer implements AutoCloseable {

  private static final int MAX_WORKERS = 16;

  private final EventLoopGroup loops;
  private final EventLoopGroup inside;
  private final ExecutorService workers;
  private final Server grpc;
  private final Channel listening;

  private OnePortServer(
      EventLoopGroup loops,
      EventLoopGroup inside,
      ExecutorService workers,
      Server grpc,
      Channel listening) {
    this.loops = loops;
    this.inside = inside;
    this.workers = workers;
    this.grpc = grpc;
    this.listening = listening;
  }

  /**
   * Binds the address and starts serving.
   *
   * @param address where to listen; port 0 selects a free one
   * @param handler handles HTTP requests
   * @param services the gRPC services
   * @param interceptor guards the gRPC services
   * @throws IOException when the address cannot be bound
   */
  public static OnePortServer start(
      InetSocketAddress address,
      HttpExchange.Handler handler,
      List<BindableService> services,
      io.grpc.ServerInterceptor interceptor)
      throws IOException {
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            2, new DefaultThreadFactory("psc-http", true), NioIoHandler.newFactory());
    ThreadFactory names = new DefaultThreadFactory("psc-http-worker", true);
    // A full pool responds with 503 immediately instead of queueing requests.
    ExecutorService workers =
        new ThreadPoolExecutor(
            0, MAX_WORKERS, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), names);
    // Local channels need event loops of their own kind.
    EventLoopGroup inside =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("psc-grpc", true), LocalIoHandler.newFactory());
    LocalAddress inner = new LocalAddress("psc-grpc-" + System.nanoTime());
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(inner)
            .channelType(LocalServerChannel.class)
            .bossEventLoopGroup(inside)
            .workerEventLoopGroup(inside)
            .intercept(interceptor)
            .permitKeepAliveTime(10, TimeUnit.SECONDS)
            .executor(workers);
    services.forEach(builder::addService);
    Server grpc = builder.build();
    boolean started = false;
    try {
      grpc.start();
      Channel listening =
          new ServerBootstrap()
              .group(loops)
              .channel(NioServerSocketChannel.class)
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel
                          .pipeline()
                          .addLast(new IdleStateHandler(0, 0, 90))
                          .addLast(new ProtocolSniffer(inside, inner, handler, workers));
                    }
                  })
              .bind(address)
              .syncUninterruptibly()
              .channel();
      started = true;
      return new OnePortServer(loops, inside, workers, grpc, listening);
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
        grpc.shutdownNow();
        workers.shutdownNow();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        inside.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      }
    }
  }

  /** Returns the port that is listened on. */
  public int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  @Override
  public void close() {
    listening.close();
    grpc.shutdownNow();
    workers.shutdownNow();
    inside.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
