package dev.psc.testkit;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The open connections of a store, with a limit on their number. At the limit, a new connection
 * replaces the oldest one whose client has not completed its HTTP/2 handshake, so that clients that
 * connect and send nothing lock out no others. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing a connection has no result to wait for
final class StoreConnections extends ServerTransportFilter {

  private final int limit;

  /** Connections before the handshake by the client's address, the oldest first. */
  private final Map<SocketAddress, Channel> pending = new LinkedHashMap<>();

  private int open;

  StoreConnections(int limit) {
    this.limit = limit;
  }

  /** Adds an accepted connection; returns whether it may stay open. */
  boolean admit(Channel channel) {
    Channel replaced = null;
    SocketAddress client = channel.remoteAddress();
    synchronized (this) {
      // Closing takes the event loop a moment, in which a flood must not pile up connections.
      if (open >= limit + limit / 4) {
        return false;
      }
      if (open >= limit) {
        Iterator<Channel> oldest = pending.values().iterator();
        if (!oldest.hasNext()) {
          return false;
        }
        replaced = oldest.next();
        oldest.remove();
      }
      open++;
      if (client != null) {
        pending.put(client, channel);
      }
    }
    channel.closeFuture().addListener(closed -> closed(client, channel));
    if (replaced != null) {
      replaced.close();
    }
    return true;
  }

  private synchronized void closed(SocketAddress client, Channel channel) {
    open--;
    pending.remove(client, channel);
  }

  @Override
  public synchronized Attributes transportReady(Attributes attributes) {
    pending.remove(attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
    return attributes;
  }
}
