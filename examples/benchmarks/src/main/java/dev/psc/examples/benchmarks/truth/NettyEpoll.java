package dev.psc.examples.benchmarks.truth;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A Netty server with the native epoll transport at 320 requests per second. */
public final class NettyEpoll implements TruthProgram {

  @Override
  public String name() {
    return "netty-epoll";
  }

  @Override
  public String threads() {
    return "native waits";
  }

  /**
   * Keeps the methods of {@code TreeMap} apart, because profilers disagree about inlined ones: with
   * JDK 25, {@code addEntry} had 5 % of the CPU time in one profile and 17 % in the other. As a
   * method of its own it has 7 and 8 %.
   */
  @Override
  public List<String> vmOptions() {
    return List.of(
        "-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline,java.util.TreeMap::*");
  }

  @Override
  @SuppressWarnings("try") // the load runs until it is closed
  public void measure(TruthCapture capture) throws Exception {
    int port = serve();
    try (LoadProcess load = new LoadProcess(port, 320)) {
      Work.sleep(8_000);
      TruthCapture.CpuWindow window =
          capture.cpuNextToAsyncProfiler(
              120,
              List.of(
                  "io.netty.channel.epoll.Native.epollWait", NettyEpoll.class.getName() + ".page"));
      capture.cpuTotal(window);
    }
  }

  private static int serve() throws InterruptedException {
    EventLoopGroup loops = new EpollEventLoopGroup(4);
    return ((InetSocketAddress)
            new ServerBootstrap()
                .group(loops)
                .channel(EpollServerSocketChannel.class)
                .childHandler(
                    new ChannelInitializer<SocketChannel>() {
                      @Override
                      protected void initChannel(SocketChannel channel) {
                        channel
                            .pipeline()
                            .addLast(
                                new HttpServerCodec(),
                                new HttpObjectAggregator(65_536),
                                new Pages());
                      }
                    })
                .bind("127.0.0.1", 0)
                .sync()
                .channel()
                .localAddress())
        .getPort();
  }

  private static final class Pages extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      FullHttpResponse response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1,
              HttpResponseStatus.OK,
              Unpooled.copiedBuffer(page(), StandardCharsets.UTF_8));
      response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
      var unused = context.writeAndFlush(response);
    }
  }

  private static String page() {
    Map<String, Integer> rows = new TreeMap<>();
    for (int i = 0; i < 300; i++) {
      rows.merge("key" + (i * 31 % 97), i, Integer::sum);
    }
    StringBuilder page = new StringBuilder();
    rows.forEach((key, value) -> page.append(key).append('=').append(value).append('\n'));
    return page.toString();
  }
}
