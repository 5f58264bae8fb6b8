package dev.psc.asyncprofiler;

import dev.psc.jvm.profile.NativeProfiler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import one.profiler.AsyncProfiler;
import org.jspecify.annotations.Nullable;

/**
 * An engine with the async-profiler of {@code tools.profiler:async-profiler}, found by a service
 * loader. It shares the profiler with the application; whoever starts it second is refused.
 * Thread-safe.
 */
public final class AsyncProfilerEngine implements NativeProfiler {

  private volatile @Nullable AsyncProfiler profiler;

  /** Called by the service loader; loads nothing. */
  public AsyncProfilerEngine() {}

  @Override
  public String load(Optional<Path> library) {
    AsyncProfiler loaded =
        library
            .map(path -> AsyncProfiler.getInstance(path.toAbsolutePath().toString()))
            .orElseGet(AsyncProfiler::getInstance);
    profiler = loaded;
    return loaded.getVersion();
  }

  @Override
  public String execute(String command) throws IOException {
    AsyncProfiler loaded = profiler;
    if (loaded == null) {
      throw new IllegalStateException("the library is not loaded");
    }
    return loaded.execute(command);
  }
}
