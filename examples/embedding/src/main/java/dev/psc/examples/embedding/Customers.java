package dev.psc.examples.embedding;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The load: a few threads that send orders, one after the other. */
final class Customers implements AutoCloseable {

  private static final int THREADS = 6;
  private static final Duration BETWEEN_ORDERS = Duration.ofMillis(25);

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean leaving;

  void start(URI shop) {
    for (int i = 0; i < THREADS; i++) {
      Thread thread = new Thread(() -> shopUntilClosed(shop), "customer-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  private void shopUntilClosed(URI shop) {
    try {
      for (int article = 0; !leaving; article++) {
        try {
          HttpRequest order =
              HttpRequest.newBuilder(URI.create(shop + "?article=" + article))
                  .timeout(Duration.ofSeconds(30))
                  .build();
          HttpResponse<String> invoice = client.send(order, HttpResponse.BodyHandlers.ofString());
          if (invoice.statusCode() != 200) {
            throw new IOException("the shop answered with status " + invoice.statusCode());
          }
        } catch (IOException e) {
          if (!leaving) {
            throw new IllegalStateException("cannot order at " + shop, e);
          }
        }
        TimeUnit.NANOSECONDS.sleep(BETWEEN_ORDERS.toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    leaving = true;
    threads.forEach(Thread::interrupt);
  }
}
