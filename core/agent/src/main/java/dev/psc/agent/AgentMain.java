package dev.psc.agent;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.JvmProfilingStatus;
import dev.psc.jvm.ProfileLabels;
import dev.psc.jvm.ProfileTraces;
import dev.psc.jvm.PushStatus;
import dev.psc.jvm.profile.TraceContextSource;
import dev.psc.label.LabelSet;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The entry point inside the class loader of the agent. */
public final class AgentMain {

  private static final String LOG_LEVEL = "PSC_LOG_LEVEL";

  private static volatile String started = "";

  private AgentMain() {}

  /**
   * Starts profiling.
   *
   * @param options the options of {@code -javaagent:…=}
   * @return the handle that stops it
   * @throws IllegalArgumentException if an option or a setting of the environment is invalid
   */
  public static AutoCloseable start(String options) {
    Map<String, String> settings = settings(options);
    logLevel(settings.remove(LOG_LEVEL));
    useNoNativeCode();
    JvmProfiling profiling;
    try {
      profiling = JvmProfiling.builder().environment(settings).start();
    } catch (UncheckedIOException e) { // in strict mode only
      throw new IllegalArgumentException(
          Objects.requireNonNull(e.getCause()).getMessage() + " (strict)", e);
    }
    JvmProfilingStatus status = profiling.status();
    List<String> actions = new ArrayList<>();
    status
        .pprofAddress()
        .ifPresent(
            address ->
                actions.add(
                    "serves profiles at http://"
                        + address.getHostString()
                        + ":"
                        + address.getPort()
                        + "/debug/pprof/"));
    status.push().ifPresent(push -> actions.add(pushes(push, settings)));
    status.problems().forEach(problem -> actions.add("retries: " + problem));
    if (actions.isEmpty()) {
      profiling.close();
      throw new IllegalArgumentException(
          "nothing to do: set pprof-address=:6060, store-address=host:port, or both; or"
              + " otlp-endpoint=http://host:4318");
    }
    started = String.join(", ", actions);
    PscAgent.say(started);
    return profiling;
  }

  /**
   * Adds the spans of the sources registered with {@link PscAgent#traceSource}. Called once.
   *
   * @param sources answers as these sources do
   */
  public static void traces(Function<Object[], @Nullable Object @Nullable []> sources) {
    Runnable unused = ProfileTraces.register(TraceContextSource.acrossClassLoaders(sources));
  }

  /** Returns what the last start reported; the caller's class loader has another copy of it. */
  public static String report() {
    return started;
  }

  private static String pushes(PushStatus push, Map<String, String> settings) {
    String project = setting(settings, "PSC_PROJECT_ID");
    String seconds =
        BigDecimal.valueOf(push.interval().toMillis(), 3).stripTrailingZeros().toPlainString();
    String store = setting(settings, "PSC_STORE_ADDRESS");
    return "pushes profiles to "
        + (store.isEmpty() ? setting(settings, "PSC_OTLP_ENDPOINT") : store)
        + (project.isEmpty() ? "" : ", project " + project)
        + ", every "
        + seconds
        + " s";
  }

  private static String setting(Map<String, String> settings, String name) {
    String property = System.getProperty(name.toLowerCase(Locale.ROOT).replace('_', '.'));
    String fallback = property == null ? System.getProperty(name, "") : property;
    return settings.getOrDefault(
        name, fallback.isEmpty() ? System.getenv().getOrDefault(name, "") : fallback);
  }

  /** Returns the function of {@link PscAgent#labels}. */
  public static Function<String[], Object> labels() {
    return pairs -> {
      if (pairs.length > 0) {
        ProfileLabels.Scope scope = ProfileLabels.scope(LabelSet.of(pairs));
        return (Runnable) scope::close;
      }
      List<String> current = new ArrayList<>();
      ProfileLabels.current()
          .toMap()
          .forEach(
              (name, value) -> {
                current.add(name);
                current.add(value);
              });
      return current.toArray(String[]::new);
    };
  }

  /**
   * Parses {@code name=value,name=value}. Names are those of the environment variables in lower
   * case, without {@code PSC_} and with hyphens. A semicolon in a value is read as a comma, except
   * in {@code grpc-headers}, where it separates headers.
   */
  static Map<String, String> settings(String options) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String option : options.split(",", -1)) {
      if (option.isBlank()) {
        continue;
      }
      int equals = option.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("option \"" + option.trim() + "\" is not name=value");
      }
      String name = option.substring(0, equals).trim();
      String setting = "PSC_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
      String given = option.substring(equals + 1).trim();
      String value = setting.equals("PSC_GRPC_HEADERS") ? given : given.replace(';', ',');
      if (settings.put(setting, value) != null) {
        throw new IllegalArgumentException("option " + name + " is given twice");
      }
    }
    return settings;
  }

  /**
   * The agent's file has no native libraries. Newer JDKs print warnings when a library is loaded,
   * even in vain.
   */
  private static void useNoNativeCode() {
    // In the shaded jar these are properties of the agent's copy of Netty only.
    System.setProperty("io.grpc.netty.shaded.io.netty.transport.noNative", "true");
    System.setProperty("io.grpc.netty.shaded.io.netty.handler.ssl.noOpenSsl", "true");
  }

  private static void logLevel(@Nullable String level) {
    String wanted = level == null ? "warn" : level.toLowerCase(Locale.ROOT);
    if (!List.of("off", "error", "warn", "info", "debug", "trace").contains(wanted)) {
      throw new IllegalArgumentException(
          "log-level must be off, error, warn, info, debug or trace, but was \"" + level + "\"");
    }
    // In the shaded jar these are properties of the agent's copy of slf4j only.
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", wanted);
    System.setProperty("org.slf4j.simpleLogger.showShortLogName", "true");
  }
}
