package dev.psc.agent;

import dev.psc.jvm.profile.NativeProfiler;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * async-profiler outside of the agent's file: on the application's class path, where it is shared
 * with the application, or in a jar that is named by the option {@code async-profiler-library}.
 */
public final class ClassPathProfiler implements NativeProfiler {

  private static final String PROFILER = "one.profiler.AsyncProfiler";

  private @Nullable Object profiler;
  private @Nullable Method execute;

  /** Called by the service loader; loads nothing. */
  public ClassPathProfiler() {}

  @Override
  public String load(Optional<Path> library) throws IOException {
    Optional<Path> jar = library.filter(path -> path.toString().endsWith(".jar"));
    Class<?> type = profiler(jar);
    try {
      String file =
          jar.isPresent()
              ? null
              : library.map(path -> path.toAbsolutePath().toString()).orElse(null);
      profiler = type.getMethod("getInstance", String.class).invoke(null, file);
      execute = type.getMethod("execute", String.class);
      return String.valueOf(call(type.getMethod("getVersion")));
    } catch (InvocationTargetException e) {
      throw failure(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " is not the expected version: " + e, e);
    }
  }

  private static Class<?> profiler(Optional<Path> jar) throws IOException {
    ClassLoader loader = ClassLoader.getSystemClassLoader();
    try {
      if (jar.isPresent()) {
        if (!Files.isReadable(jar.get())) {
          throw new IOException(jar.get() + " cannot be read");
        }
        URL file = jar.get().toUri().toURL();
        loader =
            new URLClassLoader(
                "async-profiler", new URL[] {file}, ClassLoader.getPlatformClassLoader());
      }
      return Class.forName(PROFILER, true, loader);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          PROFILER
              + " is not "
              + (jar.isPresent() ? "in " + jar.get() : "on the class path of the application")
              + "; set async-profiler-library to the jar of tools.profiler:async-profiler",
          e);
    }
  }

  @Override
  public String execute(String command) throws IOException {
    Method known = execute;
    if (known == null) {
      throw new IllegalStateException("the library is not loaded");
    }
    try {
      return String.valueOf(call(known, command));
    } catch (InvocationTargetException e) {
      throw failure(e);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private @Nullable Object call(Method method, Object... arguments)
      throws InvocationTargetException, IllegalAccessException {
    return method.invoke(profiler, arguments);
  }

  /** Returns what a method has thrown, if it may be thrown here, and throws it otherwise. */
  private static IOException failure(InvocationTargetException failure) {
    Throwable cause = failure.getCause();
    if (cause instanceof IOException checked) {
      return checked;
    }
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException(cause);
  }
}
