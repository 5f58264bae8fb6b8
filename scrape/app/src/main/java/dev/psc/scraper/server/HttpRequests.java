package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.ChannelFutureListener;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.SimpleChannelInboundHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.grpc.netty.shaded.io.netty.handler.codec.http.FullHttpRequest;
import io.grpc.netty.shaded.io.netty.handler.codec.http.FullHttpResponse;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpHeaderNames;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpMethod;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpResponseStatus;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpUtil;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpVersion;
import io.grpc.netty.shaded.io.netty.handler.codec.http.QueryStringDecoder;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Netty handler that runs HTTP/1.1 requests on worker threads. */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
final class HttpRequests extends SimpleChannelInboundHandler<FullHttpRequest> {

  private static final Logger logger = LoggerFactory.getLogger(HttpRequests.class);

  private final HttpExchange.Handler handler;
  private final Executor workers;

  HttpRequests(HttpExchange.Handler handler, Executor workers) {
    this.handler = handler;
    this.workers = workers;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    boolean keepAlive = HttpUtil.isKeepAlive(request);
    boolean head = request.method().equals(HttpMethod.HEAD);
    HttpExchange exchange;
    try {
      QueryStringDecoder uri = new QueryStringDecoder(request.uri());
      exchange =
          new HttpExchange(
              head ? "GET" : request.method().name(),
              uri.path(),
              uri.parameters(),
              request.headers().get(HttpHeaderNames.AUTHORIZATION));
    } catch (IllegalArgumentException e) {
      write(context, HttpExchange.Answer.text(400, "malformed request URI\n"), false, head);
      return;
    }
    try {
      workers.execute(() -> write(context, answer(exchange), keepAlive, head));
    } catch (RejectedExecutionException e) {
      write(
          context,
          HttpExchange.Answer.text(503, "too many concurrent requests; try again later\n"),
          keepAlive,
          head);
    }
  }

  private HttpExchange.Answer answer(HttpExchange exchange) {
    try {
      return handler.handle(exchange);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return HttpExchange.Answer.text(503, "shutting down\n");
    } catch (Exception e) {
      logger.warn("{} {} failed", exchange.method(), exchange.path(), e);
      return HttpExchange.Answer.text(500, "internal error; see the log\n");
    }
  }

  private static void write(
      ChannelHandlerContext context, HttpExchange.Answer answer, boolean keepAlive, boolean head) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(answer.status()),
            head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(answer.body()));
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
        .set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length)
        .set("x-content-type-options", "nosniff")
        .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    answer.headers().forEach((name, value) -> response.headers().set(name, value));
    HttpUtil.setKeepAlive(response, keepAlive);
    var written = context.writeAndFlush(response);
    if (!keepAlive) {
      written.addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    ProtocolSniffer.closeWhenIdle(context, event);
    super.userEventTriggered(context, event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    logger.debug("Connection closed", cause);
    context.close();
  }
}
