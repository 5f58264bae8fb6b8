package dev.psc.jvm;

import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSource;
import org.jspecify.annotations.Nullable;

/** A profile source that profiles this JVM. */
final class JvmProfileSource implements ProfileSource {

  private final JvmProfiling.Builder builder;
  private @Nullable JvmProfiling running;
  private boolean closed;

  JvmProfileSource(JvmProfiling.Builder builder) {
    this.builder = builder;
  }

  @Override
  public synchronized void start(ProfileReceiver receiver) {
    if (closed) {
      throw new IllegalStateException("this source is closed");
    }
    if (running == null) {
      running = builder.receiver(receiver).start();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (running != null) {
      running.close();
      running = null;
    }
  }
}
