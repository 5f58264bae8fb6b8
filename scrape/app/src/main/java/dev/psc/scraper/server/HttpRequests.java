package dev.psc.scraper.server;

import dev.psc.scraper.server.HttpExchange.Answer;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFutureListener;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http.DefaultHttpContent;
import io.grpc.netty.shaded.io.netty.handler.codec.http.DefaultHttpResponse;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpHeaderNames;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpMethod;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpRequest;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpResponse;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpResponseStatus;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpUtil;
import io.grpc.netty.shaded.io.netty.handler.codec.http.HttpVersion;
import io.grpc.netty.shaded.io.netty.handler.codec.http.LastHttpContent;
import io.grpc.netty.shaded.io.netty.handler.codec.http.QueryStringDecoder;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP/1.1 side of one connection: it runs requests on worker threads, one at a time, so that
 * pipelined requests are answered in order.
 *
 * <p>Requests have no body: no route reads one. Responses are written in pieces while the client
 * reads them, so that a large response occupies little direct memory. All methods run on the
 * connection's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a connection whose write fails.
final class HttpRequests extends ChannelInboundHandlerAdapter {

  /** The time in which a client must send the next request, or read a piece of a response. */
  static final Duration IDLE = Duration.ofSeconds(60);

  private static final Logger logger = LoggerFactory.getLogger(HttpRequests.class);

  /** Limit on requests that a client sends before it has read the responses. */
  private static final int MAX_PIPELINED = 32;

  private static final int PIECE_BYTES = 32 << 10;

  static final String CONTENT_SECURITY_POLICY = "content-security-policy";

  /** The default policy of responses. It permits no script. */
  static final String POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self';"
          + " form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

  private final HttpExchange.Handler handler;
  private final boolean tokenRequired;
  private final Lanes lanes;
  private final Connections connections;
  private final ArrayDeque<HttpRequest> waiting = new ArrayDeque<>();
  private boolean busy;

  /** True if no request is read after the last one in the queue. */
  private boolean ending;

  /** The unwritten rest of the response, or empty. */
  private ByteBuf rest = Unpooled.EMPTY_BUFFER;

  private boolean keepAlive;

  HttpRequests(
      HttpExchange.Handler handler, boolean tokenRequired, Lanes lanes, Connections connections) {
    this.handler = handler;
    this.tokenRequired = tokenRequired;
    this.lanes = lanes;
    this.connections = connections;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (!ending && message instanceof HttpRequest request) {
        waiting.add(request);
        ending =
            request.decoderResult().isFailure()
                || hasBody(request)
                || waiting.size() >= MAX_PIPELINED
                || !HttpUtil.isKeepAlive(request);
        next(context);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private static boolean hasBody(HttpRequest request) {
    return HttpUtil.isTransferEncodingChunked(request)
        || request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
        || HttpUtil.getContentLength(request, 0L) != 0;
  }

  private void next(ChannelHandlerContext context) {
    if (busy) {
      return;
    }
    HttpRequest request = waiting.poll();
    if (request == null) {
      return;
    }
    busy = true;
    context.channel().config().setAutoRead(false);
    connections.working(context.channel());
    keepAlive = !(ending && waiting.isEmpty());
    boolean head = request.method().equals(HttpMethod.HEAD);
    Answer refusal = refusal(request);
    if (refusal != null) {
      write(context, refusal, head);
      return;
    }
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
      keepAlive = false;
      write(context, Answer.text(400, "malformed request URI\n"), head);
      return;
    }
    run(context, exchange, head);
  }

  private @Nullable Answer refusal(HttpRequest request) {
    if (request.decoderResult().isFailure()) {
      return RequestCheck.undecodable(request.decoderResult().cause());
    }
    if (hasBody(request)) {
      return Answer.text(413, "request bodies are not supported; send the request without one\n");
    }
    return RequestCheck.foreignOrigin(request, tokenRequired);
  }

  private void run(ChannelHandlerContext context, HttpExchange exchange, boolean head) {
    Executor events = context.executor();
    try {
      lanes
          .of(exchange)
          .execute(
              () -> {
                Answer answer = answer(exchange);
                try {
                  events.execute(() -> write(context, answer, head));
                } catch (RejectedExecutionException closed) {
                  logger.debug("The server was closed before the response to {}", exchange.path());
                }
              });
    } catch (RejectedExecutionException e) {
      write(context, Answer.text(503, "too many concurrent requests; try again later\n"), head);
    }
  }

  private Answer answer(HttpExchange exchange) {
    try {
      return handler.handle(exchange);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.text(503, "shutting down\n");
    } catch (Exception | StackOverflowError e) {
      logger.warn("{} {} failed", exchange.method(), exchange.path(), e);
      return Answer.text(500, "internal error; see the log\n");
    }
  }

  private void write(ChannelHandlerContext context, Answer answer, boolean head) {
    HttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()));
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
        .set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length)
        .set("x-content-type-options", "nosniff")
        .set("x-frame-options", "DENY")
        .set(CONTENT_SECURITY_POLICY, POLICY)
        .set("referrer-policy", "no-referrer")
        .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    answer.headers().forEach((name, value) -> response.headers().set(name, value));
    HttpUtil.setKeepAlive(response, keepAlive);
    rest = head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(answer.body());
    connections.awaiting(context.channel(), IDLE);
    context.write(response);
    writeOn(context);
  }

  /** Writes pieces of the response while the client reads them, and then goes to the next one. */
  private void writeOn(ChannelHandlerContext context) {
    Channel channel = context.channel();
    while (rest.isReadable() && channel.isWritable()) {
      ByteBuf piece = rest.readRetainedSlice(Math.min(PIECE_BYTES, rest.readableBytes()));
      context.writeAndFlush(new DefaultHttpContent(piece));
    }
    if (rest.isReadable()) {
      return;
    }
    rest = Unpooled.EMPTY_BUFFER;
    var written = context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    if (!keepAlive) {
      written.addListener(ChannelFutureListener.CLOSE);
      return;
    }
    written.addListener(done -> answered(context));
  }

  /** Starts the next request once the client has read the response. */
  private void answered(ChannelHandlerContext context) {
    busy = false;
    connections.awaiting(context.channel(), IDLE);
    if (waiting.isEmpty()) {
      context.channel().config().setAutoRead(true);
    } else {
      next(context);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (rest.isReadable() && context.channel().isWritable()) {
      connections.awaiting(context.channel(), IDLE);
      writeOn(context);
    }
    context.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    rest = Unpooled.EMPTY_BUFFER;
    waiting.clear();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    logger.debug("Connection closed", cause);
    context.close();
  }
}
