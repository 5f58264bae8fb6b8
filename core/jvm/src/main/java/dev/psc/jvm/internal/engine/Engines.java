package dev.psc.jvm.internal.engine;

import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.CaptureOpener;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.profile.NativeProfiler;
import dev.psc.jvm.profile.ProfilingEngine;
import java.util.Iterator;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The choice of the engine that a capture uses. */
public final class Engines {

  private static final Logger logger = LoggerFactory.getLogger(Engines.class);

  private final Supplier<Optional<NativeProfiler>> finder;
  private final CaptureOpener asyncProfiler;
  private final CaptureOpener flightRecorder;

  /** An engine that reads the output of a native profiler. */
  interface NativeOpener {
    Capture open(
        NativeProfiler profiler,
        CaptureSettings settings,
        ThreadFactory threads,
        Runnable whenClosed);
  }

  Engines(
      Supplier<Optional<NativeProfiler>> finder,
      NativeOpener asyncProfiler,
      CaptureOpener flightRecorder) {
    this.finder = finder;
    this.asyncProfiler =
        (settings, threads, whenClosed) ->
            asyncProfiler.open(find(), settings, threads, whenClosed);
    this.flightRecorder = flightRecorder;
  }

  /** Opens a capture with the engine of the settings, or with the one that replaces it. */
  public static Capture open(CaptureSettings settings, ThreadFactory threads, Runnable whenClosed) {
    return new Engines(Engines::load, AsyncCapture::open, SharedCapture::openFlightRecorder)
        .choose(settings, threads, whenClosed);
  }

  Capture choose(CaptureSettings settings, ThreadFactory threads, Runnable whenClosed) {
    if (settings.engine() == ProfilingEngine.JFR) {
      return flightRecorder.open(settings, threads, whenClosed);
    }
    CaptureSettings instead = settings;
    try {
      return asyncProfiler.open(settings, threads, whenClosed);
    } catch (CaptureUnavailableException e) {
      String reason = JvmFailures.message(e);
      if (settings.engine() == ProfilingEngine.AUTO) {
        logger.info("async-profiler is not used: {}", reason);
      } else {
        logger.warn(
            "async-profiler cannot be used; the JDK's flight recorder is used instead: {}", reason);
        instead = settings.toBuilder().engineRemark(reason).build();
      }
    }
    return flightRecorder.open(instead, threads, whenClosed);
  }

  private NativeProfiler find() {
    return finder
        .get()
        .orElseThrow(
            () ->
                new CaptureUnavailableException("psc-jvm-async-profiler is not on the class path"));
  }

  private static Optional<NativeProfiler> load() {
    try {
      Iterator<NativeProfiler> found =
          ServiceLoader.load(NativeProfiler.class, NativeProfiler.class.getClassLoader())
              .iterator();
      return found.hasNext() ? Optional.of(found.next()) : Optional.empty();
    } catch (ServiceConfigurationError | LinkageError e) {
      throw new CaptureUnavailableException("its library is not complete: " + e, e);
    }
  }
}
