package dev.psc.opentelemetry;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Passes spans to the agent psc-jvm-agent. The agent lives in another class loader, and this class
 * may live in that of the OpenTelemetry Java agent, so the two exchange only types of the JDK.
 */
final class AgentBridge {

  /** The class with the method {@code static void traceSource(Function<Object[], Object[]>)}. */
  private static final String AGENT = "dev.psc.agent.PscAgent";

  private static final long LOOK_AGAIN_MILLIS = 5_000;

  private static final AtomicBoolean STARTED = new AtomicBoolean();

  private AgentBridge() {}

  /** Connects to the agent: immediately if it is there, else when it is loaded. Idempotent. */
  static void connect() {
    if (!STARTED.compareAndSet(false, true) || tryToConnect()) {
      return;
    }
    Thread thread = new Thread(AgentBridge::awaitAgent, "psc-opentelemetry-connect");
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
  }

  private static void awaitAgent() {
    try {
      do {
        Thread.sleep(LOOK_AGAIN_MILLIS);
      } while (!tryToConnect());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean tryToConnect() {
    MethodHandle register;
    try {
      Class<?> agent = Class.forName(AGENT, false, ClassLoader.getSystemClassLoader());
      register =
          MethodHandles.publicLookup()
              .findStatic(agent, "traceSource", MethodType.methodType(void.class, Function.class));
    } catch (ReflectiveOperationException | LinkageError e) {
      return false; // no agent, or one of another time
    }
    try {
      Function<Object[], @Nullable Object @Nullable []> source = AgentBridge::answer;
      register.invoke(source);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("failed to register with the agent", e);
    }
    return true;
  }

  /**
   * Answers a question of a profiler in another class loader: {@code capturing, Boolean}, {@code
   * sweep}, {@code active}, or {@code at, Long threadId, Long epochNanos}. The last one returns the
   * trace id in two parts, the span id, the root span's id and name, or null.
   */
  static @Nullable Object @Nullable [] answer(Object[] question) {
    switch ((String) question[0]) {
      case "active" -> {
        return new Object[] {TracingContextStorage.isUsed()};
      }
      case "capturing" -> SpanTimeline.capturing((Boolean) question[1]);
      case "sweep" -> SpanTimeline.sweep();
      case "at" -> {
        long[] ids = SpanTimeline.at((Long) question[1], (Long) question[2]);
        if (ids != null) {
          RootSpans.Root root = RootSpans.get(ids[0], ids[1]);
          return new @Nullable Object[] {
            ids[0], ids[1], ids[2], root == null ? 0L : root.spanId, root == null ? null : root.name
          };
        }
      }
      default -> {}
    }
    return null;
  }
}
