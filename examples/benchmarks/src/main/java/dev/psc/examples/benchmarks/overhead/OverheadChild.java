package dev.psc.examples.benchmarks.overhead;

import com.sun.management.OperatingSystemMXBean;
import dev.psc.jvm.JvmProfiling;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.consumer.RecordingStream;

/**
 * The application that a profiler costs something: a database in memory under four threads, under a
 * paced load, or idle. Prints the CPU time of its process, its memory and its threads.
 */
public final class OverheadChild {

  private static final int THREADS = 4;
  private static final int ROWS = 4_000;
  private static final OperatingSystemMXBean PROCESS =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private OverheadChild() {}

  /** CPU time and wall time of a moment, in nanoseconds. */
  private record Moment(long cpu, long wall) {

    static Moment now() {
      return new Moment(PROCESS.getProcessCpuTime(), System.nanoTime());
    }
  }

  /**
   * Runs {@code busy UNITS}, {@code paced SECONDS} or {@code idle SECONDS}. With the third argument
   * {@code recorder} the JDK's recorder runs too, with the events of our profiles and an empty
   * consumer; with {@code library} the profiler of the class path, by the system properties. The
   * second half of the work is the steady state.
   */
  public static void main(String[] arguments) throws Exception {
    int amount = Integer.parseInt(arguments[1]);
    String profiler = arguments.length > 2 ? arguments[2] : "";
    AutoCloseable running =
        switch (profiler) {
          case "recorder" -> recorder();
          case "library" -> JvmProfiling.builder().environment().start();
          default -> () -> {};
        };
    Moment half;
    switch (arguments[0]) {
      case "busy" -> half = busy(amount);
      case "paced" -> {
        try (Connection database = open()) {
          paced(database, amount);
          half = Moment.now();
          paced(database, amount);
        }
      }
      default -> {
        TimeUnit.SECONDS.sleep(amount);
        half = Moment.now();
        TimeUnit.SECONDS.sleep(amount);
      }
    }
    Moment end = Moment.now();
    System.out.println("cpu " + end.cpu / 1e9);
    System.out.println("steady " + (end.cpu - half.cpu) / 1e9);
    System.out.println("wall " + (end.wall - half.wall) / 1e9);
    System.out.println("resident " + resident());
    System.out.println("threads " + threads());
    running.close();
  }

  /** The events of the default profiles at about our rates. */
  private static RecordingStream recorder() {
    RecordingStream stream = new RecordingStream();
    if (Runtime.version().feature() >= 25) {
      stream.enable("jdk.CPUTimeSample").with("throttle", "10ms");
    } else {
      stream.enable("jdk.ExecutionSample").with("period", "10 ms");
      stream.enable("jdk.NativeMethodSample").with("period", "20 ms");
    }
    stream.enable("jdk.ObjectAllocationSample").with("throttle", "100/s");
    for (String event : List.of("jdk.JavaMonitorEnter", "jdk.JavaMonitorWait", "jdk.ThreadPark")) {
      stream.enable(event).withThreshold(Duration.ofMillis(1));
    }
    for (String event :
        List.of("jdk.ThreadSleep", "jdk.SocketRead", "jdk.SocketWrite", "jdk.FileRead")) {
      stream.enable(event).withThreshold(Duration.ofMillis(10));
    }
    stream.enable("jdk.ThreadStart");
    stream.onEvent(event -> {});
    stream.startAsync();
    return stream;
  }

  private static long resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }

  private static int threads() throws IOException {
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      return (int) tasks.count();
    }
  }

  private static Connection open() throws SQLException {
    Connection database = DriverManager.getConnection("jdbc:h2:mem:shop;DB_CLOSE_DELAY=-1");
    try (var statement = database.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS orders(id INT PRIMARY KEY, customer VARCHAR(40), price INT)");
      statement.execute("CREATE INDEX IF NOT EXISTS by_customer ON orders(customer)");
    }
    return database;
  }

  /** Returns the moment at which half of the work was done. */
  private static Moment busy(int units) throws Exception {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Moment> half = new AtomicReference<>(Moment.now());
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
    try (Connection kept = open()) {
      for (int i = 0; i < THREADS; i++) {
        Thread thread =
            new Thread(
                () -> {
                  try (Connection database = open()) {
                    for (int unit = next.getAndIncrement();
                        unit < units;
                        unit = next.getAndIncrement()) {
                      if (unit == units / 2) {
                        half.set(Moment.now());
                      }
                      unit(database, unit);
                    }
                  } catch (SQLException e) {
                    failures.add(e);
                  }
                },
                "load-" + i);
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      kept.createStatement().execute("SHUTDOWN");
    }
    if (!failures.isEmpty()) {
      throw new IllegalStateException(failures.get(0));
    }
    return Objects.requireNonNull(half.get());
  }

  /** A unit of work every 100 ms. */
  private static void paced(Connection database, int seconds) throws Exception {
    long start = System.nanoTime();
    for (int unit = 0; unit < 10 * seconds; unit++) {
      unit(database, unit);
      long left = start + (unit + 1) * 100_000_000L - System.nanoTime();
      if (left > 0) {
        TimeUnit.NANOSECONDS.sleep(left);
      }
    }
  }

  /** Some twenty statements, with a lookup, a join, a sort and changes. */
  private static void unit(Connection database, int unit) throws SQLException {
    try (PreparedStatement merge = database.prepareStatement("MERGE INTO orders VALUES(?, ?, ?)");
        PreparedStatement find =
            database.prepareStatement(
                "SELECT customer, SUM(price) FROM orders WHERE customer LIKE ? GROUP BY customer"
                    + " ORDER BY 2 DESC");
        PreparedStatement join =
            database.prepareStatement(
                "SELECT COUNT(*) FROM orders a JOIN orders b ON a.customer = b.customer"
                    + " WHERE a.id = ?")) {
      for (int i = 0; i < 10; i++) {
        int id = (unit * 10 + i) * 7919 % ROWS;
        merge.setInt(1, id);
        merge.setString(2, "customer " + id % 200);
        merge.setInt(3, unit % 1_000);
        merge.execute();
        join.setInt(1, id);
        drain(join);
      }
      find.setString(1, "customer " + unit % 10 + "%");
      drain(find);
    }
  }

  private static void drain(PreparedStatement query) throws SQLException {
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        rows.getString(1);
      }
    }
  }
}
