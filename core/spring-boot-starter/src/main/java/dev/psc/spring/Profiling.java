package dev.psc.spring;

import dev.psc.jvm.JvmProfiling;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The profiling of this JVM as one application uses it. All applications and contexts of a process
 * share one profiler: the first starts it with its properties, the last closes it. Thread-safe.
 */
final class Profiling implements DisposableBean {

  /** The name of the singleton in each context. */
  static final String BEAN = "pscProfiling";

  private static final Logger logger = LoggerFactory.getLogger(Profiling.class);
  private static final Set<Profiling> users = new HashSet<>();
  private static @Nullable JvmProfiling shared;
  private static List<String> sharedProblems = List.of();

  private Profiling() {}

  /**
   * Starts profiling, unless it is running already.
   *
   * @throws RuntimeException only if {@code psc.strict} is set and profiling cannot start
   */
  static Profiling acquire(ConfigurableEnvironment environment) {
    Profiling user = new Profiling();
    synchronized (users) {
      if (users.isEmpty()) {
        start(new ProfilingProperties(environment));
      }
      users.add(user);
    }
    return user;
  }

  private static void start(ProfilingProperties properties) {
    List<String> problems = new ArrayList<>();
    boolean strict = false;
    try {
      strict = properties.isStrict();
      problems.addAll(properties.unknown());
      problems.forEach(problem -> logger.warn("{}", problem));
      if (!properties.isEnabled()) {
        logger.debug("Profiling is disabled");
      } else if (!properties.hasUse()) {
        logger.info(
            "Profiling is not started: set psc.store.address, psc.pprof.address, or expose the"
                + " endpoint pprof of the actuator");
      } else {
        // Spring closes it after the last request; a second hook would run at the same time.
        shared =
            JvmProfiling.builder()
                .environment(properties.settings())
                .strict(strict)
                .flushAtExit(false)
                .start();
        logger.info("Profiling is started");
      }
    } catch (RuntimeException | LinkageError e) {
      String message =
          "Profiling is not started: "
              + ProfilingProperties.inWordsOfTheApplication(String.valueOf(e.getMessage()));
      if (strict) {
        throw new IllegalStateException(message, e);
      }
      boolean expected =
          e instanceof IllegalArgumentException || e instanceof IllegalStateException;
      logger.error("{}", message, expected ? null : e);
      problems.add(message);
    }
    sharedProblems = List.copyOf(problems);
  }

  /** Returns the profiler; empty if it is disabled, has no use, or could not start. */
  Optional<JvmProfiling> profiler() {
    synchronized (users) {
      return Optional.ofNullable(shared);
    }
  }

  /** Returns what is wrong with the properties, and what the profiler retries. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    synchronized (users) {
      problems.addAll(sharedProblems);
    }
    profiler().ifPresent(running -> problems.addAll(running.status().problems()));
    return problems;
  }

  /** Closes the profiler after its last user: pushes the last interval. Idempotent. */
  @Override
  public void destroy() {
    JvmProfiling last = null;
    synchronized (users) {
      if (users.remove(this) && users.isEmpty()) {
        last = shared;
        shared = null;
        sharedProblems = List.of();
      }
    }
    if (last != null) {
      last.close();
    }
  }
}
