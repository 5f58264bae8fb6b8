package dev.psc.jvm.internal.label;

import dev.psc.label.LabelSet;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Forwards an application's labels to the agent that profiles it. The agent contains a copy of this
 * library in a separate class loader, so the two exchange only types of the JDK. Thread-safe.
 */
public final class AgentLabels {

  /**
   * The entry point in the class loader of agents: {@code static Function<String[], Object>
   * labels()}.
   */
  private static final String AGENT = "dev.psc.agent.PscAgent";

  /** The name of the class loader of the agent's copy. */
  private static final String AGENT_LOADER = "psc-jvm-agent";

  /** The interval of the search for the agent's class, which is expensive. */
  private static final long LOOK_AGAIN_NANOS = 5_000_000_000L;

  private static volatile @Nullable MethodHandle agent;
  private static volatile long lookedNanos = System.nanoTime() - LOOK_AGAIN_NANOS;

  private AgentLabels() {}

  /** Opens a scope of this thread. Returns an action that closes it, or null without an agent. */
  public static @Nullable Runnable open(LabelSet labels) {
    Function<String[], Object> running = running();
    return running == null ? null : (Runnable) running.apply(pairs(labels));
  }

  /** Returns the current labels of this thread in the agent. */
  public static LabelSet current() {
    Function<String[], Object> running = running();
    return running == null
        ? LabelSet.empty()
        : LabelSet.of((String[]) running.apply(new String[0]));
  }

  /** Returns alternating names and values. */
  static String[] pairs(LabelSet labels) {
    List<String> pairs = new ArrayList<>();
    for (Map.Entry<String, String> label : labels.toMap().entrySet()) {
      pairs.add(label.getKey());
      pairs.add(label.getValue());
    }
    return pairs.toArray(String[]::new);
  }

  @SuppressWarnings("unchecked") // the type that the agent returns
  private static @Nullable Function<String[], Object> running() {
    MethodHandle found = agent;
    if (found == null) {
      long now = System.nanoTime();
      if (now - lookedNanos < LOOK_AGAIN_NANOS) {
        return null;
      }
      lookedNanos = now;
      found = find();
      agent = found;
      if (found == null) {
        return null;
      }
    }
    try {
      return (Function<String[], Object>) found.invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("failed to call the agent's labels", e);
    }
  }

  private static @Nullable MethodHandle find() {
    ClassLoader own = AgentLabels.class.getClassLoader();
    if (own != null && AGENT_LOADER.equals(own.getName())) {
      return null; // this copy is the agent's: it would ask itself
    }
    try {
      Class<?> type = Class.forName(AGENT, false, ClassLoader.getSystemClassLoader());
      return MethodHandles.publicLookup()
          .findStatic(type, "labels", MethodType.methodType(Function.class));
    } catch (ReflectiveOperationException | LinkageError e) {
      return null; // no agent, or one of another time
    }
  }
}
