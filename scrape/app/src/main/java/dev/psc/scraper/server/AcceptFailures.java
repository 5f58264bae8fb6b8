package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.channel.ChannelHandler.Sharable;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handler of failures to accept a connection, for example for lack of file descriptors: it stops
 * accepting for a second and logs once a minute.
 */
@Sharable
@SuppressWarnings("FutureReturnValueIgnored") // The event loop ends together with its tasks.
final class AcceptFailures extends ChannelInboundHandlerAdapter {

  private static final Logger logger = LoggerFactory.getLogger(AcceptFailures.class);
  private static final long PAUSE_MILLIS = 1_000;
  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private long lastLogged = System.nanoTime() - LOG_EVERY_NANOS;

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    long now = System.nanoTime();
    if (now - lastLogged >= LOG_EVERY_NANOS) {
      lastLogged = now;
      logger.warn(
          "HTTP server cannot accept connections; retrying every second: {}", cause.toString());
    }
    context.channel().config().setAutoRead(false);
    context
        .channel()
        .eventLoop()
        .schedule(
            () -> context.channel().config().setAutoRead(true),
            PAUSE_MILLIS,
            TimeUnit.MILLISECONDS);
  }
}
