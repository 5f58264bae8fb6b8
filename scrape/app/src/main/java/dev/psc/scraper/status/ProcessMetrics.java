package dev.psc.scraper.status;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of the process under the names that every Prometheus client library has. Metrics that
 * the system does not provide are left out.
 */
public final class ProcessMetrics {

  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMetrics() {}

  /** Returns the limit on open file descriptors, or 0 if unknown. */
  public static long maxFileDescriptors() {
    UnixOperatingSystemMXBean unix = unix();
    return unix == null ? 0 : unix.getMaxFileDescriptorCount();
  }

  static void write(PrometheusText text) {
    text.gauge(
        "process_start_time_seconds",
        "Start time of the process in seconds since 1970.",
        ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    UnixOperatingSystemMXBean unix = unix();
    if (unix != null) {
      text.counter(
          "process_cpu_seconds_total", "CPU time of the process.", unix.getProcessCpuTime() / 1e9);
      text.gauge("process_open_fds", "Open file descriptors.", unix.getOpenFileDescriptorCount());
      text.gauge(
          "process_max_fds", "Limit on open file descriptors.", unix.getMaxFileDescriptorCount());
    }
    List<String> lines = status();
    size(text, lines, "VmRSS:", "process_resident_memory_bytes", "Resident memory.");
    size(text, lines, "VmSize:", "process_virtual_memory_bytes", "Virtual memory.");
  }

  private static @Nullable UnixOperatingSystemMXBean unix() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix
        : null;
  }

  private static List<String> status() {
    try {
      return Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return List.of();
    }
  }

  private static void size(
      PrometheusText text, List<String> lines, String key, String name, String help) {
    for (String line : lines) {
      if (line.startsWith(key)) {
        String kibibytes = line.substring(key.length()).replace("kB", "").strip();
        text.gauge(name, help, Long.parseLong(kibibytes) * 1024);
        return;
      }
    }
  }
}
