package dev.psc.jvm.internal.engine;

import dev.psc.jvm.profile.NativeProfiler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A profiler that records nothing and notes its commands. Thread-safe. */
final class FakeProfiler implements NativeProfiler {

  private final List<String> commands = new ArrayList<>();
  private @Nullable RuntimeException loading;
  private @Nullable String refused;
  private boolean running;

  synchronized void failToLoad(RuntimeException failure) {
    loading = failure;
  }

  /** Refuses commands that contain a text; null refuses none. */
  synchronized void refuse(@Nullable String text) {
    refused = text;
  }

  /** Returns the commands so far, without the names of files. */
  synchronized List<String> commands() {
    return commands.stream().map(command -> command.replaceFirst(",file=.*", "")).toList();
  }

  synchronized boolean isRunning() {
    return running;
  }

  @Override
  public synchronized String load(Optional<Path> library) {
    if (loading != null) {
      throw loading;
    }
    return "0.0";
  }

  @Override
  public synchronized String execute(String command) throws IOException {
    commands.add(command);
    if (refused != null && command.contains(refused)) {
      throw new IllegalStateException("refused: " + refused);
    }
    running = command.startsWith("start") || (running && !command.startsWith("stop"));
    return "";
  }
}
