package dev.psc.jvm.internal.label;

import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceContextSource;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sources of the spans of threads. A source that fails is removed. Thread-safe. */
public final class ThreadTraces {

  /** The sources of this JVM's threads. */
  public static final ThreadTraces SHARED = new ThreadTraces();

  /** No sources, for recorded files. */
  public static final ThreadTraces NONE = new ThreadTraces();

  private static final Logger logger = LoggerFactory.getLogger(ThreadTraces.class);

  private final List<TraceContextSource> sources = new CopyOnWriteArrayList<>();
  private int captures;
  private boolean loaded;

  /** Adds a source; returns an action that removes it. */
  public synchronized Runnable register(TraceContextSource source) {
    sources.add(source);
    if (captures > 0) {
      source.capturing(true);
    }
    return () -> remove(source);
  }

  private synchronized void remove(TraceContextSource source) {
    if (sources.remove(source)) {
      source.capturing(false);
    }
  }

  /** Registers the sources on the class path, once. */
  public synchronized void load() {
    if (loaded) {
      return;
    }
    loaded = true;
    try {
      ServiceLoader.load(TraceContextSource.class, TraceContextSource.class.getClassLoader())
          .forEach(this::register);
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      logger.warn("A source of trace ids is not usable; samples have no trace ids: {}", e, e);
    }
  }

  /** Registers a capture. */
  public synchronized void begin() {
    if (captures++ == 0) {
      sources.forEach(source -> source.capturing(true));
    }
  }

  /** Unregisters a capture. */
  public synchronized void end() {
    if (--captures == 0) {
      sources.forEach(source -> source.capturing(false));
    }
  }

  /** Returns the span of a thread at a time, or null. */
  public @Nullable TraceContext at(long threadId, long epochNanos) {
    for (TraceContextSource source : sources) {
      try {
        TraceContext found = source.at(threadId, epochNanos);
        if (found != null) {
          return found;
        }
      } catch (RuntimeException | LinkageError e) {
        failed(source, e);
      }
    }
    return null;
  }

  /** Returns whether threads may have spans. */
  public boolean hasSources() {
    return !sources.isEmpty();
  }

  /** Lets sources forget threads that have ended. */
  public void sweep() {
    for (TraceContextSource source : sources) {
      try {
        source.sweep();
      } catch (RuntimeException | LinkageError e) {
        failed(source, e);
      }
    }
  }

  private void failed(TraceContextSource source, Throwable failure) {
    sources.remove(source);
    logger.warn("A source of trace ids failed and is no longer used: {}", failure, failure);
  }
}
