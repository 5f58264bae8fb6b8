package dev.psc.examples.spring;

import com.google.protobuf.Message;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import jakarta.annotation.PreDestroy;
import java.io.IOException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A controller that calls a gRPC service, which runs in the same process. */
@RestController
class StockController {

  private final Server server;
  private final ManagedChannel channel;

  StockController() throws IOException {
    server =
        ServerBuilder.forPort(0).addService(new HealthStatusManager().getHealthService()).build();
    server.start();
    channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
  }

  /** Returns the answer of the service, and the versions of gRPC and protobuf. */
  @GetMapping("/stock")
  String stock() {
    return HealthGrpc.newBlockingStub(channel)
            .check(HealthCheckRequest.getDefaultInstance())
            .getStatus()
        + " by "
        + fileOf(ManagedChannel.class)
        + " and "
        + fileOf(Message.class);
  }

  private static String fileOf(Class<?> type) {
    String path = type.getProtectionDomain().getCodeSource().getLocation().getPath();
    return path.replaceAll("!?/?$", "").replaceAll(".*/", "");
  }

  /** Uses CPU time. */
  @GetMapping("/price")
  long price() {
    long x = System.nanoTime();
    for (int i = 0; i < 20_000_000; i++) {
      x = x * 31 + i;
    }
    return x;
  }

  @PreDestroy
  void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }
}
