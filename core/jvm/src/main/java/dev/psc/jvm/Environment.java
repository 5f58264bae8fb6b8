package dev.psc.jvm;

import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Settings by name: {@code PSC_STORE_ADDRESS} is looked up as the system property {@code
 * psc.store.address}, then {@code PSC_STORE_ADDRESS}, then as the environment variable.
 */
final class Environment {

  /** Every name that is understood. */
  static final List<String> NAMES =
      List.of(
          "PSC_STORE_ADDRESS",
          "PSC_BEARER_TOKEN",
          "PSC_BEARER_TOKEN_FILE",
          "PSC_PROJECT_ID",
          "PSC_CA_FILE",
          "PSC_INSECURE",
          "PSC_INSECURE_SKIP_VERIFY",
          "PSC_LABELS",
          "PSC_PROFILES",
          "PSC_INTERVAL",
          "PSC_PPROF_ADDRESS",
          "PSC_PPROF_TOKEN",
          "PSC_PPROF_TOKEN_FILE",
          "PSC_CPU_PERIOD",
          "PSC_ALLOCATIONS_PER_SECOND",
          "PSC_EXACT_ALLOCATIONS",
          "PSC_ALLOCATED_CLASS",
          "PSC_LOCK_THRESHOLD",
          "PSC_BLOCK_THRESHOLD",
          "PSC_STACK_DEPTH",
          "PSC_IDLE_THREADS",
          "PSC_THREAD_NAMES",
          "PSC_JFR_REPOSITORY");

  private static final Pattern DURATION = Pattern.compile("(\\d+)(us|ms|s|m|h)");

  private final Function<String, @Nullable String> values;

  /**
   * @param values the value of a name, or null
   */
  Environment(Function<String, @Nullable String> values) {
    this.values = values;
  }

  /**
   * Returns the settings of this process.
   *
   * @param given values that come before those of the process
   */
  static Environment ofProcess(Map<String, String> given) {
    for (String name : given.keySet()) {
      if (!NAMES.contains(name)) {
        throw new IllegalArgumentException(
            name + " is no setting; there are " + String.join(", ", NAMES));
      }
    }
    return new Environment(
        name -> {
          if (given.containsKey(name)) {
            return given.get(name);
          }
          String property = System.getProperty(name.toLowerCase(Locale.ROOT).replace('_', '.'));
          if (property == null) {
            property = System.getProperty(name);
          }
          return property == null ? System.getenv(name) : property;
        });
  }

  void applyTo(JvmProfiling.Builder builder) {
    text("PSC_STORE_ADDRESS").ifPresent(address -> builder.store(store(address)));
    labels().ifPresent(builder::labels);
    profiles(builder.wantedProfiles()).ifPresent(builder::profiles);
    duration("PSC_INTERVAL", builder::interval);
    text("PSC_PPROF_ADDRESS")
        .ifPresent(address -> builder.pprofAddress(address("PSC_PPROF_ADDRESS", address)));
    text("PSC_PPROF_TOKEN").ifPresent(builder::pprofToken);
    text("PSC_PPROF_TOKEN_FILE")
        .ifPresent(file -> builder.pprofToken(firstLine("PSC_PPROF_TOKEN_FILE", file)));
    duration("PSC_CPU_PERIOD", builder::cpuPeriod);
    number("PSC_ALLOCATIONS_PER_SECOND", builder::allocationsPerSecond);
    flag("PSC_EXACT_ALLOCATIONS", builder::exactAllocations);
    flag("PSC_ALLOCATED_CLASS", builder::allocatedClass);
    duration("PSC_LOCK_THRESHOLD", builder::lockThreshold);
    duration("PSC_BLOCK_THRESHOLD", builder::blockThreshold);
    number("PSC_STACK_DEPTH", builder::stackDepth);
    flag("PSC_IDLE_THREADS", builder::idleThreads);
    flag("PSC_THREAD_NAMES", builder::threadNames);
    text("PSC_JFR_REPOSITORY").ifPresent(path -> builder.repository(Path.of(path)));
  }

  private SinkSettings store(String address) {
    SinkSettings.Builder store = SinkSettings.builder(address);
    text("PSC_BEARER_TOKEN").ifPresent(store::token);
    text("PSC_BEARER_TOKEN_FILE").ifPresent(file -> store.tokenFile(Path.of(file)));
    text("PSC_PROJECT_ID").ifPresent(store::projectId);
    text("PSC_CA_FILE").ifPresent(file -> store.caFile(Path.of(file)));
    flag("PSC_INSECURE", store::plaintext);
    flag("PSC_INSECURE_SKIP_VERIFY", store::insecureSkipVerify);
    return store.build();
  }

  private Optional<String> text(String name) {
    return Optional.ofNullable(values.apply(name)).map(String::trim).filter(v -> !v.isEmpty());
  }

  private Optional<LabelSet> labels() {
    LabelSet.Builder labels = LabelSet.builder();
    text("OTEL_SERVICE_NAME").ifPresent(service -> labels.set("service_name", service));
    Optional<String> given = text("PSC_LABELS");
    if (given.isPresent()) {
      for (String pair : given.get().split(",", -1)) {
        int equals = pair.indexOf('=');
        if (equals < 1) {
          throw wrong("PSC_LABELS", pair, "name=value,name=value");
        }
        try {
          labels.set(pair.substring(0, equals).trim(), pair.substring(equals + 1).trim());
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("PSC_LABELS: " + e.getMessage(), e);
        }
      }
    }
    LabelSet all = labels.build();
    return all.isEmpty() ? Optional.empty() : Optional.of(all);
  }

  /** Reads a list of names; {@code +name} and {@code -name} change the given set instead. */
  private Optional<Set<JvmProfile>> profiles(Set<JvmProfile> given) {
    Optional<String> list = text("PSC_PROFILES");
    if (list.isEmpty()) {
      return Optional.empty();
    }
    Set<JvmProfile> profiles = EnumSet.noneOf(JvmProfile.class);
    String[] names = list.get().split(",", -1);
    if (names[0].startsWith("+") || names[0].startsWith("-")) {
      profiles.addAll(given);
    }
    for (String entry : names) {
      String name = entry.trim();
      boolean remove = name.startsWith("-");
      String bare = remove || name.startsWith("+") ? name.substring(1) : name;
      JvmProfile profile =
          JvmProfile.named(bare)
              .orElseThrow(
                  () ->
                      wrong(
                          "PSC_PROFILES",
                          bare,
                          "names such as process_cpu,memory,mutex,block,goroutine"));
      if (remove) {
        profiles.remove(profile);
      } else {
        profiles.add(profile);
      }
    }
    return Optional.of(profiles);
  }

  private void duration(String name, Consumer<Duration> setter) {
    text(name).ifPresent(text -> set(name, setter, duration(name, text)));
  }

  private static Duration duration(String name, String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches() || matcher.group(1).length() > 9) {
      throw wrong(name, text, "a duration such as 10ms, 15s or 1m");
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "us" -> Duration.ofNanos(amount * 1_000);
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  private void number(String name, Consumer<Integer> setter) {
    text(name)
        .ifPresent(
            text -> {
              try {
                set(name, setter, Integer.valueOf(text));
              } catch (NumberFormatException e) {
                throw wrong(name, text, "a whole number");
              }
            });
  }

  private void flag(String name, Consumer<Boolean> setter) {
    text(name)
        .ifPresent(
            text -> {
              if (!text.equals("true") && !text.equals("false")) {
                throw wrong(name, text, "true or false");
              }
              setter.accept(text.equals("true"));
            });
  }

  private static <T> void set(String name, Consumer<T> setter, T value) {
    try {
      setter.accept(value);
    } catch (NumberFormatException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  /** Reads {@code host:port}, or {@code :port} for this machine only. */
  static InetSocketAddress address(String name, String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    String host = colon < 0 ? "" : text.substring(0, colon);
    try {
      int number = Integer.parseInt(port);
      if (number < 0 || number > 65_535) {
        throw wrong(name, text, "a port from 0 to 65535");
      }
      String bare = host.startsWith("[") && host.endsWith("]") ? unbracketed(host) : host;
      return bare.isEmpty()
          ? new InetSocketAddress(InetAddress.getLoopbackAddress(), number)
          : new InetSocketAddress(InetAddress.getAllByName(bare)[0], number);
    } catch (NumberFormatException e) {
      throw wrong(name, text, "host:port, or :port for this machine only");
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(name + ": the host \"" + host + "\" is not known", e);
    }
  }

  private static String unbracketed(String host) {
    return host.substring(1, host.length() - 1);
  }

  private static String firstLine(String name, String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      throw new IllegalArgumentException(name + ": " + file + " cannot be read: " + e, e);
    }
  }

  private static IllegalArgumentException wrong(String name, String value, String wanted) {
    return new IllegalArgumentException(name + " is \"" + value + "\", not " + wanted);
  }
}
