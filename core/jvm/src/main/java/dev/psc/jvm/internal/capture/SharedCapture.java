package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.internal.runtime.OwnThreads;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one capture of this JVM, shared by all its users. It starts on a separate thread for the
 * first user and ends with the last one. This class does not link to the flight recorder, which may
 * be missing. Thread-safe.
 */
public final class SharedCapture {

  private static final Logger logger = LoggerFactory.getLogger(SharedCapture.class);

  /**
   * The system property by which copies of this class in other class loaders detect a running
   * capture. Not the name of a package, which relocation would change.
   */
  private static final String OWNER = "psc.profiling.capture";

  private static final Object LOCK = new Object();
  private static int users;
  private static @Nullable CompletableFuture<Capture> shared;
  private static @Nullable CompletableFuture<Void> ending;

  private SharedCapture() {}

  /**
   * Returns the capture, which comes up within a second, or fails with {@link
   * CaptureUnavailableException}. The settings of the first user apply.
   */
  public static CompletableFuture<Capture> acquire(
      CaptureSettings settings, ThreadFactory threads) {
    return acquire(settings, threads, SharedCapture::openFlightRecorder);
  }

  /**
   * Returns the capture like {@link #acquire(CaptureSettings, ThreadFactory)}.
   *
   * @param opener opens it for the first user
   */
  public static CompletableFuture<Capture> acquire(
      CaptureSettings settings, ThreadFactory threads, CaptureOpener opener) {
    synchronized (LOCK) {
      users++;
      CompletableFuture<Capture> known = shared;
      if (known != null && !known.isCompletedExceptionally()) {
        return known;
      }
      CompletableFuture<Capture> fresh = new CompletableFuture<>();
      CompletableFuture<Void> before = ending;
      shared = fresh;
      OwnThreads.thread(
              threads, "psc-jvm-start", () -> bringUp(settings, threads, opener, fresh, before))
          .start();
      return fresh;
    }
  }

  private static void bringUp(
      CaptureSettings settings,
      ThreadFactory threads,
      CaptureOpener opener,
      CompletableFuture<Capture> result,
      @Nullable CompletableFuture<Void> before) {
    try {
      if (before != null) {
        before.join();
      }
      result.complete(claim(settings, threads, opener));
    } catch (CaptureUnavailableException e) {
      logger.warn(
          "Events cannot be captured; only goroutine and heap are available: {}", e.getMessage());
      result.completeExceptionally(e);
    } catch (RuntimeException | LinkageError e) {
      String missing =
          ModuleLayer.boot().findModule("jdk.jfr").isEmpty()
              ? "this JVM has no flight recorder (module jdk.jfr; with a module path or a custom"
                  + " run-time image add it: --add-modules jdk.jfr,jdk.management)"
              : "the flight recorder failed: " + e;
      logger.warn("Events cannot be captured; only goroutine and heap are available: {}", missing);
      result.completeExceptionally(new CaptureUnavailableException(missing, e));
    }
  }

  /** Opens a capture by the JDK's flight recorder. */
  public static Capture openFlightRecorder(
      CaptureSettings settings, ThreadFactory threads, Runnable whenClosed) {
    return JfrCaptureFactory.open(settings, threads, whenClosed);
  }

  private static Capture claim(
      CaptureSettings settings, ThreadFactory threads, CaptureOpener opener) {
    String self =
        SharedCapture.class.getName() + "@" + System.identityHashCode(SharedCapture.class);
    Object owner = System.getProperties().putIfAbsent(OWNER, self);
    if (owner != null) {
      throw new CaptureUnavailableException(
          "another copy of psc-jvm, in another class loader, already profiles this JVM: use that"
              + " copy, or put one copy in a class loader that both can see");
    }
    try {
      return opener.open(settings, threads, () -> System.getProperties().remove(OWNER, self));
    } catch (RuntimeException | LinkageError e) {
      System.getProperties().remove(OWNER, self);
      throw e;
    }
  }

  /** Returns whether the flight recorder should be initialized while the JVM is not yet warm. */
  public static boolean startsBetterEarly() {
    return JvmAge.lateStartsCost();
  }

  /** Initializes the flight recorder on a separate thread, without capturing. */
  public static void prepare(CaptureSettings settings, ThreadFactory threads) {
    OwnThreads.thread(
            threads,
            "psc-jvm-prepare",
            () -> {
              try {
                JfrCaptureFactory.initialize(settings);
              } catch (RuntimeException | LinkageError e) {
                logger.info("Failed to prepare the flight recorder: {}", JvmFailures.message(e));
              }
            })
        .start();
  }

  /**
   * Releases the result of {@link #acquire}; the last release ends the capture within two seconds.
   */
  public static void release() {
    CompletableFuture<Capture> last;
    CompletableFuture<Void> end = new CompletableFuture<>();
    synchronized (LOCK) {
      if (--users > 0) {
        return;
      }
      last = shared;
      shared = null;
      ending = end;
    }
    try {
      if (last != null && !last.isCompletedExceptionally()) {
        last.join().shutdown();
      }
    } catch (java.util.concurrent.CompletionException e) {
      logger.debug("The capture had not started", e);
    } finally {
      end.complete(null);
    }
  }
}
