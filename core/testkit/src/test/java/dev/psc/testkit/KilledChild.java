package dev.psc.testkit;

import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.Receipt;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.status.Durability;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.ManagedChannel;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * The process that {@link DeliveryKillTest} kills. It prints {@code served N} before it submits a
 * profile, {@code accepted N} once the delivery has accepted it, and {@code safe N} once it is on
 * disk or sent.
 */
final class KilledChild {

  private KilledChild() {}

  public static void main(String[] args) throws InterruptedException {
    Path spool = Path.of(args[0]);
    String address = args[1];
    TokenSource token = TokenSource.fixed(ServiceAccountToken.parse(args[2]));
    ProjectId project = ProjectId.parse(args[3]);
    int first = Integer.parseInt(args[4]);
    ManagedChannel channel =
        StoreChannels.builder(address)
            .plaintext()
            .interceptor(
                PscAuthInterceptor.builder(token, project).allowPlaintextOnLoopback().build())
            .build();
    GrpcProfileSink sink = DeliveryRig.sink(channel);
    Delivery delivery =
        DeliveryRig.delivery(sink)
            .spool(spool)
            .batchMaxBytes(8192)
            .spoolSyncInterval(Duration.ofMillis(5))
            .build();
    delivery.start();
    PrintStream out = System.out;
    Semaphore room = new Semaphore(50);
    for (int i = first; ; i++) {
      int id = i;
      room.acquire();
      out.println("served " + id);
      Receipt receipt = delivery.submit(DeliveryRig.profile("s" + id % 5, id));
      if (receipt.acceptance() instanceof Acceptance.Accepted) {
        out.println("accepted " + id);
      }
      receipt
          .durability()
          .thenAccept(
              durability -> {
                if (durability != Durability.LOST) {
                  out.println("safe " + id);
                }
                room.release();
              });
    }
  }
}
