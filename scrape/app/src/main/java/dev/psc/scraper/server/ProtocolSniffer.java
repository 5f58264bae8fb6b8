package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFutureListener;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelPipeline;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.local.LocalAddress;
import io.grpc.netty.shaded.io.netty.channel.local.LocalChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.ByteToMessageDecoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpObjectAggregator;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpServerCodec;
import io.grpc.netty.shaded.io.netty.handler.timeout.IdleStateEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executor;

/** A Netty handler that selects HTTP/2 (gRPC) or HTTP/1.1 by the first bytes of a connection. */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
final class ProtocolSniffer extends ByteToMessageDecoder {

  private static final byte[] PREFACE = "PRI * HTTP/2.0".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_REQUEST_BYTES = 64 << 10;

  private final EventLoopGroup inside;
  private final LocalAddress grpc;
  private final HttpExchange.Handler handler;
  private final Executor workers;

  ProtocolSniffer(
      EventLoopGroup inside, LocalAddress grpc, HttpExchange.Handler handler, Executor workers) {
    this.inside = inside;
    this.grpc = grpc;
    this.handler = handler;
    this.workers = workers;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    int known = Math.min(in.readableBytes(), PREFACE.length);
    boolean http2 = true;
    for (int i = 0; i < known && http2; i++) {
      http2 = in.getByte(in.readerIndex() + i) == PREFACE[i];
    }
    if (http2 && known < PREFACE.length) {
      return;
    }
    ByteBuf first = in.readRetainedSlice(in.readableBytes());
    ChannelPipeline pipeline = context.pipeline();
    if (http2) {
      relayToGrpc(context.channel(), first);
    } else {
      pipeline.addLast(
          new HttpServerCodec(),
          new HttpObjectAggregator(MAX_REQUEST_BYTES),
          new HttpRequests(handler, workers));
      out.add(first);
    }
    pipeline.remove(this);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    closeWhenIdle(context, event);
    super.userEventTriggered(context, event);
  }

  static void closeWhenIdle(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent) {
      context.close();
    }
  }

  /** Pauses reading until the inner connection is established, to keep the order of bytes. */
  private void relayToGrpc(Channel outside, ByteBuf first) {
    outside.config().setAutoRead(false);
    new Bootstrap()
        .group(inside)
        .channel(LocalChannel.class)
        .handler(new Relay(outside))
        .connect(grpc)
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (!done.isSuccess() || !outside.isActive()) {
                    done.channel().close();
                    first.release();
                    outside.close();
                    return;
                  }
                  done.channel().writeAndFlush(first);
                  outside.pipeline().addLast(new Relay(done.channel()));
                  outside.config().setAutoRead(true);
                });
  }

  /** Forwards data from one channel to the other, with back-pressure. */
  private static final class Relay extends ChannelInboundHandlerAdapter {
    private final Channel other;

    Relay(Channel other) {
      this.other = other;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      other.writeAndFlush(message);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      other.config().setAutoRead(context.channel().isWritable());
      context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      other.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
