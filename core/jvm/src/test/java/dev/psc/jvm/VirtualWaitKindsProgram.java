package dev.psc.jvm;

import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Virtual threads that wait two seconds each, in every way that applications wait, and measure it.
 * For JDK 21 and later.
 */
public final class VirtualWaitKindsProgram {

  private static final int THREADS = 100;
  private static final long WAIT_MILLIS = 2_000;
  private static final long BETWEEN_STARTS_MILLIS = 100;

  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor();
  private static final Map<String, LongAdder> TRUTH = new LinkedHashMap<>();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static int port;

  private VirtualWaitKindsProgram() {}

  /** A wait that ends after two seconds. */
  @FunctionalInterface
  private interface Planted {
    void run() throws Exception;
  }

  private static void later(Runnable task) {
    var unused = TIMER.schedule(task, WAIT_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static void measured(String name, Planted wait) throws Exception {
    long start = System.nanoTime();
    wait.run();
    TRUTH.get(name).add(System.nanoTime() - start);
  }

  static void plantedLock() throws Exception {
    ReentrantLock lock = new ReentrantLock();
    TIMER.submit(lock::lock).get();
    later(lock::unlock);
    measured("plantedLock", lock::lock);
  }

  static void plantedMonitor() throws Exception {
    Object monitor = new Object();
    CountDownLatch held = new CountDownLatch(1);
    new Thread(() -> hold(monitor, held)).start();
    held.await();
    measured(
        "plantedMonitor",
        () -> {
          synchronized (monitor) {
            held.countDown();
          }
        });
  }

  private static void hold(Object monitor, CountDownLatch held) {
    synchronized (monitor) {
      held.countDown();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS));
    }
  }

  static void plantedPark() throws Exception {
    measured(
        "plantedPark", () -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS)));
  }

  static void plantedFuture() throws Exception {
    CompletableFuture<String> future = new CompletableFuture<>();
    later(() -> future.complete(""));
    measured("plantedFuture", future::join);
  }

  static void plantedQueue() throws Exception {
    BlockingQueue<String> queue = new LinkedBlockingQueue<>();
    later(() -> queue.add(""));
    measured("plantedQueue", queue::take);
  }

  static void plantedSocket() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      measured("plantedSocket", () -> socket.getInputStream().read());
    }
  }

  static void plantedHttp() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/")).build();
    measured("plantedHttp", () -> CLIENT.send(request, HttpResponse.BodyHandlers.discarding()));
  }

  private static void serve(ServerSocket server) {
    try {
      while (true) {
        Socket socket = server.accept();
        later(() -> answer(socket));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private static void answer(Socket socket) {
    try (socket) {
      byte[] request = new byte[socket.getInputStream().available()];
      int read = request.length == 0 ? 0 : socket.getInputStream().read(request);
      if (read >= 0) {
        socket
            .getOutputStream()
            .write(
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Runnable task(Planted planted, CountDownLatch ended) {
    return () -> {
      try {
        planted.run();
      } catch (Exception e) {
        throw new IllegalStateException("a planted wait failed", e);
      } finally {
        ended.countDown();
      }
    };
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Planted> waits = new LinkedHashMap<>();
    waits.put("plantedLock", VirtualWaitKindsProgram::plantedLock);
    waits.put("plantedMonitor", VirtualWaitKindsProgram::plantedMonitor);
    waits.put("plantedPark", VirtualWaitKindsProgram::plantedPark);
    waits.put("plantedFuture", VirtualWaitKindsProgram::plantedFuture);
    waits.put("plantedQueue", VirtualWaitKindsProgram::plantedQueue);
    waits.put("plantedSocket", VirtualWaitKindsProgram::plantedSocket);
    waits.put("plantedHttp", VirtualWaitKindsProgram::plantedHttp);
    waits.keySet().forEach(name -> TRUTH.put(name, new LongAdder()));
    try (ServerSocket server = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        JvmProfiling profiling =
            JvmProfiling.builder().profiles(JvmProfile.defaults().plus(JvmProfile.WALL)).start()) {
      port = server.getLocalPort();
      Thread accepting = new Thread(() -> serve(server));
      accepting.setDaemon(true);
      accepting.start();
      // The recorder has started, and the first dumps of virtual threads are over.
      VirtualWaitsProgram.virtual(() -> LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(20)));
      VirtualWaitsProgram.get(profiling, "mutex", 8).get(60, TimeUnit.SECONDS);
      Map<String, CompletableFuture<String>> profiles = new LinkedHashMap<>();
      for (String profile : new String[] {"mutex", "block", "wall"}) {
        profiles.put(profile, VirtualWaitsProgram.get(profiling, profile, 20));
      }
      TimeUnit.MILLISECONDS.sleep(500); // the windows begin within that
      CountDownLatch ended = new CountDownLatch(THREADS * waits.size());
      for (int i = 0; i < THREADS; i++) {
        waits.values().forEach(wait -> VirtualWaitsProgram.virtual(task(wait, ended)));
        TimeUnit.MILLISECONDS.sleep(BETWEEN_STARTS_MILLIS);
      }
      ended.await();
      System.out.println("TIME left " + !profiles.get("wall").isDone());
      for (Map.Entry<String, CompletableFuture<String>> profile : profiles.entrySet()) {
        VirtualWaitsProgram.print(
            profile.getKey().toUpperCase(java.util.Locale.ROOT),
            profile.getValue().get(60, TimeUnit.SECONDS),
            TRUTH.keySet());
      }
      TRUTH.forEach(
          (name, nanos) -> System.out.println("TRUTH " + name + " " + nanos.sum() / 1_000_000));
    }
    System.exit(0);
  }
}
