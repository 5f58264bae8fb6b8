package dev.psc.testkit;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening socket of a store. It closes connections over the limit before grpc-java allocates
 * anything for them. It pauses after many connections within a second, as the end of a connection
 * takes grpc-java longer than its start, and when a connection cannot be accepted, for example
 * without free file descriptors.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the event loop ends together with its tasks
final class StoreSocket extends NioServerSocketChannel {

  private static final Logger logger = LoggerFactory.getLogger(StoreSocket.class);
  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final int MAX_PER_SECOND = 200;

  private final StoreConnections connections;
  private long secondNanos = System.nanoTime();
  private int inSecond;
  private long loggedNanos = System.nanoTime() - LOG_EVERY_NANOS;

  StoreSocket(StoreConnections connections) {
    this.connections = connections;
  }

  @Override
  protected int doReadMessages(List<Object> accepted) throws Exception {
    int before = accepted.size();
    int count;
    try {
      count = super.doReadMessages(accepted);
    } catch (IOException e) {
      logThrottled(e);
      pause();
      return 0;
    }
    limitRate(count);
    for (int i = accepted.size() - 1; i >= before; i--) {
      if (accepted.get(i) instanceof Channel channel && !connections.admit(channel)) {
        accepted.remove(i);
        channel.unsafe().closeForcibly();
      }
    }
    return count;
  }

  private void limitRate(int accepted) {
    long now = System.nanoTime();
    if (now - secondNanos > TimeUnit.SECONDS.toNanos(1)) {
      secondNanos = now;
      inSecond = 0;
    }
    inSecond += accepted;
    if (inSecond >= MAX_PER_SECOND) {
      pause();
    }
  }

  private void logThrottled(IOException failure) {
    long now = System.nanoTime();
    if (now - loggedNanos >= LOG_EVERY_NANOS) {
      loggedNanos = now;
      logger.warn("Store cannot accept connections; retrying every second: {}", failure.toString());
    }
  }

  private void pause() {
    config().setAutoRead(false);
    eventLoop().schedule(() -> config().setAutoRead(true), 1, TimeUnit.SECONDS);
  }
}
