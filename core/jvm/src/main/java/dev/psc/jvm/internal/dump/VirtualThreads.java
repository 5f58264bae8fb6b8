package dev.psc.jvm.internal.dump;

import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.PlatformManagedObject;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The stacks of virtual threads. Thread dumps do not contain them. Since 21 the JDK can write them
 * to a file, which takes at least 0.1 ms per thread.
 */
public final class VirtualThreads {

  private static final String BEAN = "com.sun.management.HotSpotDiagnosticMXBean";
  private static final Pattern HEAD = Pattern.compile("#(\\d+) \".*\" virtual(?: ([A-Z_]+) .*)?");

  /** The class may be preceded by a class loader and a module. */
  private static final Pattern FRAME =
      Pattern.compile("(?:at )?(?:[\\w.@-]*/){0,2}([^(]+)\\.([^.(]+)\\(([^:)]*)(?::(\\d+))?\\)");

  private static final int MAX_DEPTH = 512;

  private VirtualThreads() {}

  /**
   * A virtual thread.
   *
   * @param id its id
   * @param state its state, or the empty text before JDK 24
   * @param stack its frames, leaf first
   */
  public record Virtual(long id, String state, List<StackTraceElement> stack) {}

  /** Returns whether this JVM has virtual threads and can write their stacks. */
  public static boolean areSupported() {
    try {
      dumpMethod();
      return true;
    } catch (CaptureUnavailableException | ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static Method dumpMethod() throws ClassNotFoundException {
    return Arrays.stream(Class.forName(BEAN).getMethods())
        .filter(method -> method.getName().equals("dumpThreads"))
        .findFirst()
        .orElseThrow(() -> new CaptureUnavailableException(missing()));
  }

  /**
   * Passes every virtual thread that the JDK tracks to a consumer.
   *
   * @throws CaptureUnavailableException if this JVM has none, or they cannot be written
   */
  public static void forEach(Consumer<Virtual> consumer) {
    try {
      Path directory = Files.createTempDirectory("psc-threads-");
      Path file = directory.resolve("threads.txt"); // the JDK wants to create it
      try {
        dump(file);
        try (BufferedReader reader = Files.newBufferedReader(file)) {
          read(reader, consumer);
        }
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(directory);
      }
    } catch (IOException e) {
      throw new CaptureUnavailableException(
          "virtual threads: the JDK writes them to a file in java.io.tmpdir, which failed: " + e,
          e);
    }
  }

  private static void dump(Path file) throws IOException {
    try {
      Class<? extends PlatformManagedObject> type =
          Class.forName(BEAN).asSubclass(PlatformManagedObject.class);
      Method dump = dumpMethod();
      Object plain =
          Arrays.stream(dump.getParameterTypes()[1].getEnumConstants())
              .filter(format -> format.toString().equals("TEXT_PLAIN"))
              .findFirst()
              .orElseThrow(() -> new CaptureUnavailableException(missing()));
      dump.invoke(ManagementFactory.getPlatformMXBean(type), file.toString(), plain);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IOException failed) {
        throw failed;
      }
      throw new CaptureUnavailableException("virtual threads: " + e.getCause(), e);
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new CaptureUnavailableException(missing(), e);
    }
  }

  private static String missing() {
    return "virtual threads need JDK 21 or later and the module jdk.management; this is JDK "
        + Runtime.version().feature();
  }

  /** Parses the plain text of JDK 21 and later. */
  public static void read(BufferedReader reader, Consumer<Virtual> consumer) throws IOException {
    Virtual current = null;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      if (line.startsWith("#")) {
        if (current != null) {
          consumer.accept(current);
        }
        Matcher head = HEAD.matcher(line);
        current =
            head.matches()
                ? new Virtual(
                    Long.parseLong(head.group(1)),
                    head.group(2) == null ? "" : head.group(2),
                    new ArrayList<>())
                : null;
      } else if (current != null && current.stack.size() < MAX_DEPTH) {
        Matcher frame = FRAME.matcher(line.strip());
        if (frame.matches()) {
          current.stack.add(element(frame));
        }
      }
    }
    if (current != null) {
      consumer.accept(current);
    }
  }

  private static StackTraceElement element(Matcher frame) {
    String line = frame.group(4);
    String file = frame.group(3);
    boolean known = !file.equals("Native Method") && !file.equals("Unknown Source");
    return new StackTraceElement(
        frame.group(1),
        frame.group(2),
        known ? file : null,
        line == null ? -1 : Integer.parseInt(line));
  }
}
