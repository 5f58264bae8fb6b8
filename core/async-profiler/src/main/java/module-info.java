import dev.psc.asyncprofiler.AsyncProfilerEngine;
import dev.psc.jvm.profile.NativeProfiler;

/** async-profiler as the engine of psc-jvm. */
module dev.psc.asyncprofiler {
  requires static org.jspecify;
  requires transitive dev.psc.jvm;
  requires async.profiler;

  provides NativeProfiler with
      AsyncProfilerEngine;

  exports dev.psc.asyncprofiler;
}
