package dev.psc.examples.embedding;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A small web service. Each method has another cost: {@link #price} uses CPU time, {@link
 * #writeInvoice} memory, {@link #reserve} a lock that all requests share, and {@link
 * #askForPayment} waits for another service.
 */
final class Shop implements AutoCloseable {

  private static final int THREADS = 8;
  private static final int KEPT_ORDERS = 200_000;
  private static final int SHELVES = 256;

  private final HttpServer server;
  private final ExecutorService workers;
  private final Object stockLock = new Object();
  private final int[] stock = new int[SHELVES];
  private final Queue<Order> orders = new ArrayDeque<>();

  /** An order, kept to fill the live heap. */
  private record Order(int article, long price, String invoice) {}

  private Shop(HttpServer server, ExecutorService workers) {
    this.server = server;
    this.workers = workers;
    for (int i = 0; i < KEPT_ORDERS; i++) {
      orders.add(new Order(i % SHELVES, i, ""));
    }
  }

  static Shop start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    ExecutorService workers = Executors.newFixedThreadPool(THREADS);
    server.setExecutor(workers);
    Shop shop = new Shop(server, workers);
    server.createContext("/order", shop::order);
    server.start();
    return shop;
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/order");
  }

  private void order(HttpExchange exchange) throws IOException {
    try (exchange) {
      int article = Math.floorMod(exchange.getRequestURI().hashCode(), SHELVES);
      long price = price(article);
      String invoice = writeInvoice(article, price);
      reserve(article);
      askForPayment();
      remember(new Order(article, price, invoice));
      byte[] body = invoice.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(body);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Compares the offers of many suppliers: CPU time. */
  private static long price(int article) {
    SplittableRandom offers = new SplittableRandom(article);
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 1_000_000; i++) {
      best = Math.min(best, discounted(offers.nextLong(1_000_000), i));
    }
    return best;
  }

  private static long discounted(long offer, int supplier) {
    return offer - offer * (supplier % 30) / 100;
  }

  /** Builds a text line by line: allocations. */
  private static String writeInvoice(int article, long price) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      lines.add("position " + i + ": article " + article + " at " + (price + i));
    }
    return String.join("\n", lines.subList(0, 20));
  }

  /** Reserves an article under one lock: contention. */
  private void reserve(int article) throws InterruptedException {
    synchronized (stockLock) {
      stock[article]++;
      TimeUnit.MILLISECONDS.sleep(3); // simulates a disk
    }
  }

  /** Simulates a slow call to another service. */
  private static void askForPayment() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(20);
  }

  private synchronized void remember(Order order) {
    orders.add(order);
    if (orders.size() > KEPT_ORDERS) {
      orders.remove();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    workers.shutdownNow();
  }
}
