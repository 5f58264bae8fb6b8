package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.DiagnosticCommands;
import java.util.List;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The initialization of the JDK's flight recorder. */
final class JfrRuntime {

  private static final Logger logger = LoggerFactory.getLogger(JfrRuntime.class);

  /**
   * The maximum size of a file of the flight recorder's repository: the minimum that it accepts, 12
   * MB by default. The JDK's stream keeps all constants of a chunk in the heap, at about 15 times
   * their size in the file.
   */
  private static final int CHUNK_BYTES = 1 << 20;

  private JfrRuntime() {}

  /**
   * Initializes the flight recorder, unless it already is. The stack depth and the directory can
   * only be set before. Takes a few hundred milliseconds the first time.
   *
   * @return whether the stack depth could be set
   * @throws CaptureUnavailableException if the JVM has no flight recorder or it cannot start
   */
  static boolean initialize(CaptureSettings settings, JfrRepository repository) {
    if (!FlightRecorder.isAvailable()) {
      throw new CaptureUnavailableException(
          "the flight recorder is disabled in this JVM (-XX:-FlightRecorder, or not supported)");
    }
    boolean depthIsSet = false;
    if (!FlightRecorder.isInitialized()) {
      JvmAge.warnIfLate();
      depthIsSet = configure("stackdepth=" + settings.stackDepth());
      configure("repositorypath=" + repository.create());
      configure("maxchunksize=" + CHUNK_BYTES);
    } else if (repository.isOurs()) {
      repository.create();
    }
    try {
      FlightRecorder.getFlightRecorder();
    } catch (IllegalStateException e) {
      throw new CaptureUnavailableException(
          "the flight recorder cannot start: "
              + rootMessage(e)
              + "; it needs a writable directory: see the setting repository",
          e);
    }
    return depthIsSet;
  }

  private static boolean configure(String argument) {
    try {
      DiagnosticCommands.run("jfrConfigure", argument);
      return true;
    } catch (CaptureUnavailableException e) {
      logger.info("Failed to set {} of the flight recorder; using its default", argument, e);
      return false;
    }
  }

  /**
   * Returns the names of the other recordings in this JVM.
   *
   * @param own the id of the capture's recording
   */
  static List<String> otherRecordings(long own) {
    return FlightRecorder.getFlightRecorder().getRecordings().stream()
        .filter(recording -> recording.getState() == RecordingState.RUNNING)
        .filter(recording -> recording.getId() != own)
        .map(Recording::getName)
        .filter(name -> !name.equals(JfrLeaks.NAME))
        .toList();
  }

  static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
