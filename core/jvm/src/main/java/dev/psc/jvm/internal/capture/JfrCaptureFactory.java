package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.event.CaptureSettings;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** The only link from classes that work without the flight recorder to those that need it. */
final class JfrCaptureFactory {

  private static @Nullable JfrRepository repository;
  private static boolean depthWasSet;

  private JfrCaptureFactory() {}

  static synchronized Capture open(
      CaptureSettings settings, ThreadFactory threads, Runnable whenClosed) {
    JfrRepository directory = initialize(settings);
    JfrCapture capture =
        new JfrCapture(
            settings,
            threads,
            depthWasSet,
            directory.create(),
            () -> {
              directory.close();
              whenClosed.run();
            });
    capture.start();
    return capture;
  }

  /** Initializes the flight recorder without capturing anything. */
  static synchronized JfrRepository initialize(CaptureSettings settings) {
    JfrRepository directory = repository;
    if (directory == null) {
      directory = new JfrRepository(settings.repository());
      repository = directory;
    }
    depthWasSet |= JfrRuntime.initialize(settings, directory);
    return directory;
  }
}
