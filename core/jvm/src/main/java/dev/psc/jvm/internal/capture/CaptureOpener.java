package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.event.CaptureSettings;
import java.util.concurrent.ThreadFactory;

/** Opens a capture with one of the engines. */
public interface CaptureOpener {

  /**
   * Opens a capture.
   *
   * @param whenClosed called once, when the capture has ended
   * @throws dev.psc.jvm.internal.runtime.CaptureUnavailableException if it cannot start
   */
  Capture open(CaptureSettings settings, ThreadFactory threads, Runnable whenClosed);
}
