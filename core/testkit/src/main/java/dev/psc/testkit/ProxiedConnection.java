package dev.psc.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection through a {@link FaultProxy}, with a thread per direction. */
final class ProxiedConnection {

  private static final Logger logger = LoggerFactory.getLogger(ProxiedConnection.class);
  private static final int PIECE_BYTES = 8192;

  private final Socket client;
  private final Socket target;
  private final FaultProxy proxy;
  private final AtomicInteger directions = new AtomicInteger(2);
  private volatile boolean ended;

  ProxiedConnection(Socket client, Socket target, FaultProxy proxy) {
    this.client = client;
    this.target = target;
    this.proxy = proxy;
  }

  boolean isEnded() {
    return ended;
  }

  void pumpToTarget() {
    pump(client, target, true);
  }

  void pumpToClient() {
    pump(target, client, false);
  }

  private void pump(Socket from, Socket to, boolean counted) {
    byte[] piece = new byte[PIECE_BYTES];
    long passed = 0;
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      while (true) {
        int length = in.read(piece);
        ProxyRules rules = proxy.awaitPassage(Math.max(length, 0), this);
        if (rules == null) {
          break;
        }
        if (length < 0) {
          to.shutdownOutput();
          break;
        }
        out.write(piece, 0, length);
        passed += length;
        if (counted && rules.resetAfterBytes() > 0 && passed >= rules.resetAfterBytes()) {
          reset();
          break;
        }
      }
    } catch (IOException e) {
      // The other side must see the same fault.
      logger.debug("A proxied connection failed", e);
      reset();
    }
    if (directions.decrementAndGet() == 0) {
      cut();
    }
  }

  void cut() {
    end();
    FaultProxy.closeQuietly(client);
    FaultProxy.closeQuietly(target);
  }

  void reset() {
    end();
    resetQuietly(client);
    resetQuietly(target);
  }

  void halfCloseToTarget() {
    shutdownOutput(target);
  }

  void halfCloseToClient() {
    shutdownOutput(client);
  }

  private static void shutdownOutput(Socket socket) {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      logger.debug("A connection was closed already", e);
    }
  }

  private void end() {
    ended = true;
    proxy.wake();
    proxy.gone(this);
  }

  static void resetQuietly(Socket socket) {
    try {
      if (!socket.isClosed()) {
        // Without lingering, closing sends RST.
        socket.setSoLinger(true, 0);
      }
    } catch (IOException e) {
      logger.debug("A connection was closed already", e);
    }
    FaultProxy.closeQuietly(socket);
  }
}
