package dev.psc.testkit;

import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2HeadersFrame;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An HTTP/2 server that answers with an error page, like a load balancer without a backend. */
final class HttpPageServer implements AutoCloseable {

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final AtomicInteger requests = new AtomicInteger();
  private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
  private final Channel listener;

  HttpPageServer(int port, String status) throws InterruptedException {
    listener =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    connections.add(channel);
                    channel
                        .pipeline()
                        .addLast(Http2FrameCodecBuilder.forServer().build(), new Pages(status));
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), port)
            .sync()
            .channel();
  }

  int requests() {
    return requests.get();
  }

  private final class Pages extends ChannelInboundHandlerAdapter {

    private final String status;

    Pages(String status) {
      this.status = status;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof Http2HeadersFrame headers) {
        requests.incrementAndGet();
        byte[] page = ("<html><h1>" + status + "</h1></html>").getBytes(StandardCharsets.UTF_8);
        var unusedHead =
            context.write(
                new DefaultHttp2HeadersFrame(
                        new DefaultHttp2Headers().status(status).set("content-type", "text/html"))
                    .stream(headers.stream()));
        var unusedBody =
            context.writeAndFlush(
                new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(page), true)
                    .stream(headers.stream()));
      }
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void close() {
    var unusedClose = listener.close().syncUninterruptibly();
    for (Channel connection : connections) {
      // Past the HTTP/2 handler, which would wait for its streams and leave the connection open.
      var unusedCut =
          connection
              .eventLoop()
              .submit(() -> connection.unsafe().closeForcibly())
              .syncUninterruptibly();
    }
    var unusedEnd = group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
