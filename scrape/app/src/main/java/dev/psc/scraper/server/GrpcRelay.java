package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFutureListener;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.local.LocalAddress;
import io.grpc.netty.shaded.io.netty.channel.local.LocalChannel;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A relay of HTTP/2 connections to the grpc-java server inside this process.
 *
 * <p>One read of a client is in flight at a time, and none while the client does not read: a client
 * cannot fill memory with bytes that the gRPC server has not handled. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
final class GrpcRelay {

  private final EventLoopGroup inside;
  private final LocalAddress grpc;
  private final int limit;
  private final AtomicInteger open = new AtomicInteger();

  /**
   * @param inside the event loop of the gRPC server
   * @param limit the largest number of connections
   */
  GrpcRelay(EventLoopGroup inside, LocalAddress grpc, int limit) {
    this.inside = inside;
    this.grpc = grpc;
    this.limit = limit;
  }

  /** Connects a client, whose first bytes have been read; closes it at the limit. */
  void connect(Channel client, ByteBuf first) {
    if (open.incrementAndGet() > limit) {
      open.decrementAndGet();
      first.release();
      client.close();
      return;
    }
    client.closeFuture().addListener(closed -> open.decrementAndGet());
    // Nothing is read before the inner connection is established, to keep the order of bytes.
    client.config().setAutoRead(false);
    new Bootstrap()
        .group(inside)
        .channel(LocalChannel.class)
        .handler(new FromServer(client))
        .connect(grpc)
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (!done.isSuccess() || !client.isActive()) {
                    done.channel().close();
                    first.release();
                    client.close();
                    return;
                  }
                  FromClient relay = new FromClient(client, done.channel());
                  client.pipeline().addLast(relay);
                  relay.forward(first);
                });
  }

  /** Returns the number of open connections. */
  int count() {
    return open.get();
  }

  /** Forwards what the client sends. The flag is confined to the client's event loop. */
  private static final class FromClient extends ChannelInboundHandlerAdapter {
    private final Channel client;
    private final Channel server;
    private boolean forwarding;

    FromClient(Channel client, Channel server) {
      this.client = client;
      this.server = server;
    }

    void forward(Object bytes) {
      client.eventLoop().execute(() -> write(bytes));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      write(bytes);
    }

    private void write(Object bytes) {
      if (!server.isActive()) {
        ReferenceCountUtil.release(bytes);
        client.close();
        return;
      }
      forwarding = true;
      client.config().setAutoRead(false);
      // The listener runs on the event loop of the gRPC server, which has then handled the bytes.
      server.writeAndFlush(bytes).addListener(done -> client.eventLoop().execute(this::forwarded));
    }

    private void forwarded() {
      forwarding = false;
      readIfPossible();
    }

    private void readIfPossible() {
      client.config().setAutoRead(!forwarding && client.isWritable());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      server.config().setAutoRead(client.isWritable());
      readIfPossible();
      context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      server.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }

  /** Forwards what the gRPC server sends. */
  private static final class FromServer extends ChannelInboundHandlerAdapter {
    private final Channel client;

    FromServer(Channel client) {
      this.client = client;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      client.writeAndFlush(bytes);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      client.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
