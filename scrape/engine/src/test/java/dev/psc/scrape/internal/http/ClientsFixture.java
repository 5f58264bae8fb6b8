package dev.psc.scrape.internal.http;

import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicLong;

/** Clients with their executors, and a clock for tokens that a test moves. */
final class ClientsFixture implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  final AtomicLong nanos = new AtomicLong(1_000_000_000_000L);
  final JdkHttpClients clients;
  private final ScheduledThreadPoolExecutor scheduler =
      new ScheduledThreadPoolExecutor(1, ClientsFixture::daemon);
  private final ExecutorService executor = Executors.newFixedThreadPool(2, ClientsFixture::daemon);

  ClientsFixture() {
    this(Map.of(), Duration.ofMinutes(5), 1 << 26);
  }

  ClientsFixture(HostAddresses.Resolver resolver) {
    this(Map.of(), Duration.ofMinutes(5), 1 << 26, resolver);
  }

  ClientsFixture(Map<String, String> environment, Duration idle, long maxBytesInFlight) {
    this(environment, idle, maxBytesInFlight, InetAddress::getAllByName);
  }

  private ClientsFixture(
      Map<String, String> environment,
      Duration idle,
      long maxBytesInFlight,
      HostAddresses.Resolver resolver) {
    clients =
        new JdkHttpClients(
            scheduler,
            executor,
            "psc-test",
            maxBytesInFlight,
            new JdkHttpClients.Surroundings(environment, nanos::get, idle, resolver));
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "psc-test-http");
    thread.setDaemon(true);
    return thread;
  }

  HttpAnswer get(String url, HttpSettings settings) throws HttpFailure, InterruptedException {
    return clients.get(new HttpGet(URI.create(url), settings, Map.of(), TIMEOUT, 1 << 24));
  }

  /** Returns the failure of a request that must fail. */
  HttpFailure failure(String url, HttpSettings settings) throws InterruptedException {
    try {
      HttpAnswer answer = get(url, settings);
      throw new AssertionError("no failure but " + answer);
    } catch (HttpFailure expected) {
      return expected;
    } catch (CompletionException wrapped) {
      throw new AssertionError("the failure is not unwrapped", wrapped);
    }
  }

  @Override
  public void close() {
    clients.close();
    scheduler.shutdownNow();
    executor.shutdownNow();
  }
}
