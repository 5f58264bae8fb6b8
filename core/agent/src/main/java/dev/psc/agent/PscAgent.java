package dev.psc.agent;

import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.security.CodeSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The agent's entry point. {@code -javaagent:psc-jvm-agent.jar=pprof-address=:6060} calls {@link
 * #premain}; attaching to a running JVM calls {@link #agentmain}. This class uses only the JDK. A
 * separate thread loads everything else in a separate class loader, which sees only the agent's
 * file and the JDK. Failures are reported on standard error; the application keeps running.
 */
public final class PscAgent {

  /**
   * The system property in which the attaching process reads what became of its request: {@code ok}
   * or {@code failed}, a space, and the message.
   */
  static final String OUTCOME = "dev.psc.agent.outcome";

  private static final String MAIN = "dev.psc.agent.AgentMain";
  private static final long OUTCOME_MILLIS = 30_000;
  private static @Nullable AutoCloseable running;
  private static volatile @Nullable Function<String[], Object> labels;
  private static boolean starting;
  private static volatile String lastMessage = "";
  private static volatile boolean succeeded;

  private static final List<Function<Object[], @Nullable Object @Nullable []>> TRACE_SOURCES =
      new CopyOnWriteArrayList<>();

  private static boolean capturing;

  private PscAgent() {}

  /** Called before the application's {@code main}. */
  public static void premain(@Nullable String options, Instrumentation instrumentation) {
    actSafely(options);
  }

  /** Called when the agent is loaded into a running JVM; the option {@code stop} stops it. */
  public static void agentmain(@Nullable String options, Instrumentation instrumentation) {
    Thread acting = actSafely(options);
    try {
      if (acting != null) {
        acting.join(OUTCOME_MILLIS); // on the thread of the attaching process
      }
      System.setProperty(OUTCOME, (succeeded ? "ok " : "failed ") + lastMessage);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SecurityException e) {
      say("the attaching process cannot see the outcome: " + e.getMessage());
    }
  }

  /**
   * Returns a function that passes labels from the application's copy of psc-jvm to this agent, or
   * null while the agent is not profiling. The function takes alternating names and values, sets
   * them as labels of the calling thread, and returns a {@code Runnable} that removes them. For an
   * empty array it returns the thread's labels in the same form. Thread-safe.
   */
  public static @Nullable Function<String[], Object> labels() {
    return labels;
  }

  /**
   * Registers a source of the spans of threads; psc-opentelemetry calls it, from any class loader.
   * The source answers {@code "capturing", Boolean}, {@code "sweep"} and {@code "at", Long
   * threadId, Long epochNanos}. The last one returns the trace id in two parts, the id of the span,
   * and the id and the name of the local root span, or null. Thread-safe.
   */
  public static synchronized void traceSource(
      Function<Object[], @Nullable Object @Nullable []> source) {
    TRACE_SOURCES.add(source);
    if (capturing) {
      @Nullable Object unused = source.apply(new Object[] {"capturing", true});
    }
  }

  /** Passes a question of the profiler to all sources; the first answer counts. */
  private static @Nullable Object @Nullable [] askSources(Object[] question) {
    if (question[0].equals("capturing")) {
      synchronized (PscAgent.class) {
        capturing = (Boolean) question[1];
        for (Function<Object[], @Nullable Object @Nullable []> source : TRACE_SOURCES) {
          @Nullable Object unused = source.apply(question);
        }
      }
      return null;
    }
    for (Function<Object[], @Nullable Object @Nullable []> source : TRACE_SOURCES) {
      @Nullable Object[] answer = source.apply(question);
      if (answer != null) {
        return answer;
      }
    }
    return null;
  }

  /** The JVM exits if an agent throws. */
  private static @Nullable Thread actSafely(@Nullable String options) {
    succeeded = false;
    try {
      return act(options);
    } catch (RuntimeException | LinkageError e) {
      synchronized (PscAgent.class) {
        starting = false;
      }
      fail(e);
      return null;
    }
  }

  private static @Nullable Thread act(@Nullable String options) {
    String given = options == null ? "" : options;
    boolean stop = given.trim().equals("stop");
    synchronized (PscAgent.class) {
      if (stop == (running == null) || starting) {
        say(stop ? "not running" : "already running: stop it first with the option stop");
        return null;
      }
      starting = true;
    }
    Thread thread =
        new Thread(
            stop ? PscAgent::stop : () -> start(given), "psc-agent-" + (stop ? "stop" : "start"));
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
    return thread;
  }

  private static void start(String options) {
    AutoCloseable started = null;
    try {
      ClassLoader loader = loader();
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> main = loader.loadClass(MAIN);
      Function<Object[], @Nullable Object @Nullable []> traces = PscAgent::askSources;
      // First, because the options set the level of the log before anything logs.
      started = (AutoCloseable) main.getMethod("start", String.class).invoke(null, options);
      main.getMethod("traces", Function.class).invoke(null, traces);
      labels = function(main.getMethod("labels").invoke(null));
      lastMessage = String.valueOf(main.getMethod("report").invoke(null));
      succeeded = true;
    } catch (InvocationTargetException e) {
      fail(e.getCause() == null ? e : e.getCause());
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      fail(e);
    } finally {
      synchronized (PscAgent.class) {
        running = started;
        starting = false;
      }
    }
  }

  @SuppressWarnings("unchecked") // returned by AgentMain.labels() through reflection
  private static Function<String[], Object> function(Object function) {
    return (Function<String[], Object>) function;
  }

  private static void stop() {
    labels = null;
    AutoCloseable stopped;
    synchronized (PscAgent.class) {
      stopped = running;
      running = null;
    }
    try {
      if (stopped != null) {
        stopped.close();
        say("stopped");
        succeeded = true;
      }
    } catch (Exception e) {
      fail(e);
    } finally {
      synchronized (PscAgent.class) {
        starting = false;
      }
    }
  }

  private static ClassLoader loader() {
    CodeSource source = PscAgent.class.getProtectionDomain().getCodeSource();
    URL file = Objects.requireNonNull(source, "the agent's file").getLocation();
    return new OwnLoader(file);
  }

  /** A class loader that sees only the agent's file and the JDK. */
  private static final class OwnLoader extends URLClassLoader {

    OwnLoader(URL file) {
      super("psc-jvm-agent", new URL[] {file}, ClassLoader.getPlatformClassLoader());
    }

    @Override
    public void close() throws IOException {
      throw new IOException("the class loader stays open until the JVM exits");
    }
  }

  /** Reports a configuration error in one line and an unexpected error with its stack trace. */
  @SuppressWarnings("SystemOut") // the application's logging must not be touched
  private static void fail(Throwable failure) {
    if (failure instanceof IllegalArgumentException || failure instanceof IllegalStateException) {
      say("not started: " + failure.getMessage());
    } else if (failure instanceof SecurityException) {
      say(
          "not started: the security manager denies it ("
              + failure.getMessage()
              + "); grant java.security.AllPermission to the agent's file in the policy");
    } else {
      say("not started: " + failure);
      failure.printStackTrace();
    }
  }

  static void say(String message) {
    lastMessage = message;
    System.err.println("psc-jvm-agent: " + message);
  }
}
