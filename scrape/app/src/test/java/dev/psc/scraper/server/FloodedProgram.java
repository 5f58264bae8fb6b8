package dev.psc.scraper.server;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.jvm.JvmProfiling;
import dev.psc.testkit.EmbeddedProfileStore;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.LongSupplier;

/**
 * A program that serves its profiles ({@code jvm}), or a store ({@code store TOKEN PROJECT}). It
 * prints its port, and ten times a second the number of its real work: hashes computed, or profiles
 * stored.
 */
final class FloodedProgram {

  private static volatile long hashes;

  private FloodedProgram() {}

  public static void main(String[] arguments) throws InterruptedException {
    LongSupplier work = arguments[0].equals("jvm") ? jvm() : store(arguments[1], arguments[2]);
    while (true) {
      Thread.sleep(100);
      System.out.println("work " + work.getAsLong());
    }
  }

  private static LongSupplier jvm() {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .start();
    Thread worker = new Thread(FloodedProgram::hash, "worker");
    worker.setDaemon(true);
    worker.start();
    System.out.println("port " + profiling.pprofAddress().orElseThrow().getPort());
    return () -> hashes;
  }

  private static void hash() {
    long count = 0;
    while (true) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 1_000; i++) {
        text.append(i);
      }
      count += text.toString().hashCode() == 0 ? 2 : 1;
      hashes = count;
    }
  }

  private static LongSupplier store(String token, String project) {
    EmbeddedProfileStore store =
        EmbeddedProfileStore.builder()
            .plaintext()
            .token(ServiceAccountToken.parse(token))
            .project(ProjectId.parse(project))
            .start();
    System.out.println("port " + store.port());
    return () -> store.profileCount() - store.duplicateCount();
  }
}
