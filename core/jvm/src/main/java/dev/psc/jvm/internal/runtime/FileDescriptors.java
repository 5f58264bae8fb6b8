package dev.psc.jvm.internal.runtime;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.Channel;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file descriptors of this process. */
public final class FileDescriptors {

  private static final Logger logger = LoggerFactory.getLogger(FileDescriptors.class);

  /** What the flight recorder opens for a new file and its reader, with a margin. */
  public static final int FOR_RECORDING = 16;

  /** The message of a capture that cannot run without them. */
  public static final String SHORTAGE =
      "fewer than "
          + FOR_RECORDING
          + " file descriptors are free, without which the flight recorder would abort the JVM:"
          + " raise the limit of open files (ulimit -n)";

  private static final int PIPES = FOR_RECORDING / 2;

  private FileDescriptors() {}

  /** Returns how many the process may have, or {@link Long#MAX_VALUE} if that is unknown. */
  public static long limit() {
    try {
      if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
          && unix.getMaxFileDescriptorCount() > 0) {
        return unix.getMaxFileDescriptorCount();
      }
    } catch (LinkageError e) {
      logger.debug("A run-time image without jdk.management", e);
    }
    return Long.MAX_VALUE;
  }

  /** Returns how many more the process may open, or {@link Long#MAX_VALUE} if that is unknown. */
  public static long free() {
    try {
      if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
        long open = unix.getOpenFileDescriptorCount();
        long limit = unix.getMaxFileDescriptorCount();
        return limit <= 0 || open < 0 ? Long.MAX_VALUE : limit - open;
      }
    } catch (InternalError e) {
      return 0; // counting opens a directory
    } catch (LinkageError e) {
      logger.debug("A run-time image without jdk.management", e);
    }
    return Long.MAX_VALUE;
  }

  /**
   * Checks that the flight recorder can begin a file. It aborts the JVM if it cannot, so this is
   * called before everything that makes it begin one.
   *
   * @throws CaptureUnavailableException if fewer than {@link #FOR_RECORDING} file descriptors are
   *     free
   */
  public static void requireForRecording() {
    List<Channel> opened = new ArrayList<>();
    try {
      for (int i = 0; i < PIPES; i++) {
        Pipe pipe = Pipe.open();
        opened.add(pipe.source());
        opened.add(pipe.sink());
      }
    } catch (IOException e) {
      throw new CaptureUnavailableException(SHORTAGE, e);
    } finally {
      opened.forEach(FileDescriptors::close);
    }
  }

  private static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      logger.debug("Failed to close a pipe", e);
    }
  }
}
