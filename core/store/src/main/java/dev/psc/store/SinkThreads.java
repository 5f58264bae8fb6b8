package dev.psc.store;

import dev.psc.net.DaemonThreads;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.buffer.UnpooledByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.netty.shaded.io.netty.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of a channel with one sink as its only user: an event loop, {@code psc-store-io},
 * that also answers calls and measures their time, and a thread that exists only while the name of
 * the store is looked up, {@code psc-store-dns}. gRPC's own threads would be several times as many.
 * The sink closes them after the channel. Thread-safe.
 */
final class SinkThreads implements AutoCloseable {

  private static final long IDLE_MILLIS = 1_000;

  private final EventLoopGroup loop = eventLoop();
  private final ThreadPoolExecutor lookups =
      new ThreadPoolExecutor(
          1,
          1,
          IDLE_MILLIS,
          TimeUnit.MILLISECONDS,
          new LinkedBlockingQueue<>(),
          DaemonThreads.named("psc-store-dns"));

  SinkThreads() {
    lookups.allowCoreThreadTimeOut(true);
  }

  /**
   * Not a native transport, whose library would be unpacked and loaded first. The class that is
   * there in older versions of gRPC too, which applications bring.
   */
  @SuppressWarnings("deprecation")
  private static EventLoopGroup eventLoop() {
    return new NioEventLoopGroup(1, new DefaultThreadFactory("psc-store-io", true));
  }

  /** Makes a channel use these threads; its listeners and credentials must not block. */
  void use(NettyChannelBuilder channel) {
    channel
        .eventLoopGroup(loop)
        .channelType(NioSocketChannel.class)
        // A pool would keep 4 MiB of native memory for one request every few seconds.
        .withOption(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
        .directExecutor()
        .offloadExecutor(lookups);
  }

  /** Returns the timer of calls; its tasks must not block. */
  ScheduledExecutorService timer() {
    return loop;
  }

  /** Ends the event loop within a second; does not wait for it. */
  @Override
  public void close() {
    Future<?> unused = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    lookups.shutdown();
  }
}
