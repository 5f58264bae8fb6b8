package dev.psc.examples.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.pprof.report.Top;
import dev.psc.testkit.EmbeddedProfileStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class EmbeddingTest {

  private static final String SHOP = "dev.psc.examples.embedding.Shop.";

  @TempDir private Path directory;

  @Test
  void pushesItsMethodsAndServesThem() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path token = directory.resolve("token");
      Files.writeString(token, store.token().reveal() + "\n");
      Path authority = store.writeAuthority(directory.resolve("ca.pem"));
      try (Embedding embedding =
          Embedding.start(
              Arguments.read(
                  "--pprof-address=127.0.0.1:0",
                  "--store-address=" + store.address(),
                  "--bearer-token-file=" + token,
                  "--project-id=" + store.project(),
                  "--ca-file=" + authority,
                  "--interval-seconds=1"))) {
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () -> {
                  assertThat(pushed(store, "process_cpu", "cpu")).contains(SHOP + "price");
                  assertThat(pushed(store, "memory", "alloc_space"))
                      .contains(SHOP + "writeInvoice");
                  assertThat(pushed(store, "mutex", "delay")).contains(SHOP + "reserve");
                  assertThat(pushed(store, "block", "delay")).contains(SHOP + "askForPayment");
                  assertThat(pushed(store, "goroutine", "goroutine"))
                      .contains("embedding.Customers.shopUntilClosed");
                });
        assertThat(store.refusedCount()).isZero();
        assertThat(store.profiles().get(0).labels().get("job")).isEqualTo("shop");
        assertThat(get(embedding, "goroutine?debug=1")).contains("Customers.shopUntilClosed");
        assertThat(get(embedding, "allocs?debug=1")).contains(SHOP + "writeInvoice");
      }
    }
  }

  private static String pushed(EmbeddedProfileStore store, String name, String sampleType) {
    return store
        .top(store.project(), name, sampleType)
        .map(top -> top.rows(Top.Order.CUMULATIVE).toString())
        .orElse("");
  }

  private static String get(Embedding embedding, String path) throws Exception {
    int port = embedding.profiling().pprofAddress().orElseThrow().getPort();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/debug/pprof/" + path))
            .timeout(Duration.ofSeconds(60))
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  @ParameterizedTest
  @CsvSource({
    "--nonsense, unknown option --nonsense",
    "--pprof-address, needs a value",
    "--pprof-address=6060, must be HOST:PORT",
    "--project-id=1, --project-id requires --store-address",
    "--interval-seconds=5, no destination",
  })
  void saysWhatIsWrongWithAnArgument(String argument, String message) {
    assertThatThrownBy(() -> Arguments.read(argument).profiling())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void startsWithoutTheFileOfTheTokenAndReportsIt() throws Exception {
    Path missing = directory.resolve("no");
    Arguments arguments =
        Arguments.read("--store-address=127.0.0.1:1", "--bearer-token-file=" + missing);
    try (Embedding embedding = Embedding.start(arguments)) {
      assertThat(embedding.profiling().status().problems())
          .singleElement()
          .asString()
          .contains(missing.toString());
    }
  }
}
