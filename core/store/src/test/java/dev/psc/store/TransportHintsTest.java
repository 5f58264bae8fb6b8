package dev.psc.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TransportHintsTest {

  private static final StoreEndpoint STORE = new StoreEndpoint("store.example", 443, false);

  @Test
  @Timeout(30)
  void endsWithCausesInACycle() {
    IOException first = new IOException("first");
    IOException second = new IOException("second", first);
    first.initCause(second);
    Status status = Status.UNAVAILABLE.withDescription("io exception").withCause(second);
    assertThat(TransportHints.explain(status, STORE)).isSameAs(status);
  }

  @Test
  void findsTheHintOfAnInnerCause() {
    Status status =
        Status.UNAVAILABLE
            .withDescription("io exception")
            .withCause(new IOException("outer", new UnknownHostException("store.example")));
    assertThat(TransportHints.explain(status, STORE).getDescription())
        .isEqualTo("io exception — the host store.example cannot be resolved: check its spelling");
  }
}
