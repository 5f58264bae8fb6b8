package dev.psc.jvm;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A program that serves profiles, prints the port, and then, at each line of standard input, takes
 * all file descriptors or gives them back.
 */
final class DescriptorProgram {

  private static final long TAKING_NANOS = 500_000_000;

  private DescriptorProgram() {}

  public static void main(String[] arguments) throws IOException {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .start();
    System.out.println("port " + profiling.pprofAddress().orElseThrow().getPort());
    List<InputStream> taken = new ArrayList<>();
    while (System.in.read() >= 0) {
      if (taken.isEmpty()) {
        // For a while, since connections that have ended give theirs back a little later.
        long end = System.nanoTime() + TAKING_NANOS;
        while (System.nanoTime() < end) {
          take(taken);
        }
        System.out.println("taken");
      } else {
        for (InputStream file : taken) {
          file.close();
        }
        taken.clear();
        System.out.println("released");
      }
    }
    System.exit(0);
  }

  private static void take(List<InputStream> taken) {
    try {
      while (true) {
        taken.add(new FileInputStream("/dev/null"));
      }
    } catch (IOException e) {
      LockSupport.parkNanos(TAKING_NANOS / 50);
    }
  }
}
