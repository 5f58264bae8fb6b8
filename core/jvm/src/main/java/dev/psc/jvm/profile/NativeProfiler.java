package dev.psc.jvm.profile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A connection to the async-profiler of this process. An implementation is found by a service
 * loader, in the artifact {@code psc-jvm-async-profiler}; it is created and used only if the engine
 * is selected. Calls come from one thread at a time.
 */
public interface NativeProfiler {

  /**
   * Loads the native library.
   *
   * @param library the file to load instead of the implementation's own
   * @return the version, e.g. {@code 4.5}
   * @throws IOException if the file cannot be read
   * @throws IllegalStateException if it cannot be used on this system
   * @throws LinkageError if the library cannot be loaded
   */
  String load(Optional<Path> library) throws IOException;

  /**
   * Executes a command, e.g. {@code start,event=cpu,jfr,file=/tmp/a.jfr}.
   *
   * @return the profiler's response
   * @throws IOException if a file cannot be written
   * @throws IllegalArgumentException if the command is invalid
   * @throws IllegalStateException if it is not possible now, e.g. if another user of the profiler
   *     has started it
   */
  String execute(String command) throws IOException;
}
