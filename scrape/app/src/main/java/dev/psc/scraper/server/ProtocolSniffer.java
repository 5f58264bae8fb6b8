package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelPipeline;
import io.grpc.netty.shaded.io.netty.handler.codec.ByteToMessageDecoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpServerCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** A Netty handler that selects HTTP/2 (gRPC) or HTTP/1.1 by the first bytes of a connection. */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
final class ProtocolSniffer extends ByteToMessageDecoder {

  /** The time in which a client must send its first request. */
  static final Duration FIRST_REQUEST = Duration.ofSeconds(10);

  private static final byte[] PREFACE = "PRI * HTTP/2.0".getBytes(StandardCharsets.US_ASCII);

  private final Connections connections;
  private final GrpcRelay grpc;
  private final Supplier<ChannelHandler> http;

  ProtocolSniffer(Connections connections, GrpcRelay grpc, Supplier<ChannelHandler> http) {
    this.connections = connections;
    this.grpc = grpc;
    this.http = http;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) throws Exception {
    if (!connections.open(context.channel(), FIRST_REQUEST)) {
      context.close();
      return;
    }
    super.channelActive(context);
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
      connections.working(context.channel());
      grpc.connect(context.channel(), first);
    } else {
      pipeline.addLast(new HttpServerCodec(), http.get());
      out.add(first);
    }
    pipeline.remove(this);
  }
}
