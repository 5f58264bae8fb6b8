package dev.psc.examples.embedding;

import dev.psc.jvm.JvmProfiling;
import java.io.IOException;
import java.io.PrintStream;

/** A web service that exports its own profiles: the program of this example. */
public final class Embedding implements AutoCloseable {

  private final JvmProfiling profiling;
  private final Shop shop;
  private final Customers customers;

  private Embedding(JvmProfiling profiling, Shop shop, Customers customers) {
    this.profiling = profiling;
    this.shop = shop;
    this.customers = customers;
  }

  /** Runs until it is stopped, and then pushes the remaining profiles. */
  public static void main(String[] arguments) {
    System.exit(run(arguments, System.out, System.err));
  }

  private static int run(String[] arguments, PrintStream out, PrintStream err) {
    try {
      Arguments read = Arguments.read(arguments);
      if (read.help()) {
        out.print(Arguments.USAGE);
        return 0;
      }
      try (Embedding embedding = start(read)) {
        embedding
            .profiling
            .pprofAddress()
            .ifPresent(
                address ->
                    out.println(
                        "profiles at http://"
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + "/debug/pprof/"));
        out.println("orders at " + embedding.shop.address());
        Thread.currentThread().join(); // until the process is stopped
      }
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      err.println("psc-embedding: " + e.getMessage());
      return 2;
    }
  }

  /** Starts all parts; profiling first, as a later start discards JIT-compiled code. */
  static Embedding start(Arguments arguments) throws IOException {
    JvmProfiling profiling = arguments.profiling().start();
    try {
      Shop shop = Shop.start();
      Customers customers = new Customers();
      customers.start(shop.address());
      return new Embedding(profiling, shop, customers);
    } catch (IOException e) {
      profiling.close();
      throw e;
    }
  }

  JvmProfiling profiling() {
    return profiling;
  }

  @Override
  public void close() {
    customers.close();
    shop.close();
    profiling.close();
  }
}
