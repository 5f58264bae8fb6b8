package dev.psc.examples.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.pprof.Profile;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowingConsumer;

/** Work while a profile is taken, and requests. */
final class Load {

  private static final HttpClient client = HttpClient.newHttpClient();

  private Load() {}

  /** Repeats the work and takes profiles until they satisfy the check, since samples are random. */
  static void during(Runnable work, Callable<byte[]> profile, ThrowingConsumer<byte[]> check)
      throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Void> working =
        CompletableFuture.runAsync(
            () -> {
              while (!enough.get()) {
                work.run();
              }
            },
            task -> new Thread(task, "load").start());
    try {
      await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> check.accept(profile.call()));
    } finally {
      enough.set(true);
      working.get(1, TimeUnit.MINUTES);
    }
  }

  static byte[] get(String address) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address)).timeout(Duration.ofMinutes(1)).build();
    HttpResponse<byte[]> response;
    try {
      response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(address, e);
    }
    assertThat(response.statusCode()).as(new String(response.body(), UTF_8)).isEqualTo(200);
    return response.body();
  }

  /** Returns the values of a label in a profile. */
  static Set<String> labels(byte[] pprof, String key) throws Exception {
    Set<String> values = new TreeSet<>();
    Profile.parse(pprof)
        .samples()
        .forEach(
            sample ->
                sample.labels().stream()
                    .filter(label -> label.key().equals(key))
                    .forEach(label -> values.add(label.text())));
    return values;
  }
}
