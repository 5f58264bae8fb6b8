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

/** Brings up the JDK's flight recorder as profiling needs it. */
final class JfrRuntime {

  private static final Logger log = LoggerFactory.getLogger(JfrRuntime.class);

  /**
   * How large a file of the flight recorder's repository becomes, 12 MB if nothing is said; the
   * least that it accepts. The JDK's stream keeps all constants of a chunk in the heap, in some 15
   * times the bytes that they have in the file.
   */
  private static final int CHUNK_BYTES = 1 << 20;

  private JfrRuntime() {}

  /**
   * Initializes the flight recorder, unless it is: a deeper stack and a directory of our own can be
   * asked for only before. Takes a few hundred milliseconds the first time.
   *
   * @return whether the stack depth could be set
   * @throws CaptureUnavailableException when the JVM has none or it cannot work here
   */
  static boolean initialize(CaptureSettings settings, JfrRepository repository) {
    if (!FlightRecorder.isAvailable()) {
      throw new CaptureUnavailableException(
          "the flight recorder is switched off in this JVM (-XX:-FlightRecorder, or not"
              + " supported)");
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
              + ". It needs a writable directory: see the setting repository",
          e);
    }
    return depthIsSet;
  }

  private static boolean configure(String argument) {
    try {
      DiagnosticCommands.run("jfrConfigure", argument);
      return true;
    } catch (CaptureUnavailableException e) {
      log.info("Cannot set {} of the flight recorder; its default stays", argument, e);
      return false;
    }
  }

  /**
   * Returns the names of recordings that others run in this JVM.
   *
   * @param own the id of ours
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
