package dev.psc.jvm;

import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.ProfilingEngine;
import dev.psc.jvm.profile.TraceLabels;
import dev.psc.label.LabelSet;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The settings of a {@link JvmProfiling} that have environment variables. */
final class Environment {

  /** The names of all settings. */
  static final List<String> NAMES =
      List.of(
          "PSC_STORE_ADDRESS",
          "PSC_BEARER_TOKEN",
          "PSC_BEARER_TOKEN_FILE",
          "PSC_PROJECT_ID",
          "PSC_CA_FILE",
          "PSC_INSECURE",
          "PSC_INSECURE_SKIP_VERIFY",
          "PSC_ALLOW_PLAINTEXT_TOKEN",
          "PSC_ALLOW_PROJECT_TOKEN",
          "PSC_GRPC_HEADERS",
          "PSC_OTLP_ENDPOINT",
          "PSC_QUEUE_MAX_BYTES",
          "PSC_SPOOL_DIR",
          "PSC_SPOOL_MAX_BYTES",
          "PSC_LABELS",
          "PSC_INSTANCE_LABEL",
          "PSC_SPLIT_BY",
          "PSC_SPLIT_MAX_SERIES",
          "PSC_PROFILES",
          "PSC_INTERVAL",
          "PSC_IDLE_TIMEOUT",
          "PSC_PPROF_ADDRESS",
          "PSC_PPROF_TOKEN",
          "PSC_PPROF_TOKEN_FILE",
          "PSC_STRICT",
          "PSC_ENGINE",
          "PSC_ASYNC_PROFILER_LIBRARY",
          "PSC_CPU_PERIOD",
          "PSC_ALLOCATIONS_PER_SECOND",
          "PSC_EXACT_ALLOCATIONS",
          "PSC_ALLOCATED_CLASS",
          "PSC_LOCK_THRESHOLD",
          "PSC_BLOCK_THRESHOLD",
          "PSC_STACK_DEPTH",
          "PSC_IDLE_THREADS",
          "PSC_THREAD_NAMES",
          "PSC_MAX_TRACES",
          "PSC_TRACE_LABELS",
          "PSC_JFR_REPOSITORY");

  private final SettingValues values;

  Environment(SettingValues values) {
    this.values = values;
  }

  /**
   * Returns the settings of this process. {@code PSC_STORE_ADDRESS} is looked up in the given map,
   * as the system property {@code psc.store.address} or {@code PSC_STORE_ADDRESS}, and as the
   * environment variable; the first that is present wins.
   *
   * @param given values that win over those of the process
   */
  static Environment ofProcess(Map<String, String> given) {
    for (String name : given.keySet()) {
      if (!NAMES.contains(name)) {
        throw new IllegalArgumentException(
            "unknown setting "
                + name
                + nearest(name).map(near -> ": did you mean " + near + "?").orElse("")
                + "; known settings: "
                + String.join(", ", NAMES));
      }
    }
    return new Environment(
        new SettingValues(List.of(given::get, Environment::property, System::getenv)));
  }

  /** Returns the known name that a misspelt one most resembles. */
  private static Optional<String> nearest(String name) {
    return NAMES.stream()
        .filter(known -> distance(name, known) <= 3)
        .min(Comparator.comparingInt(known -> distance(name, known)));
  }

  /** Returns the number of characters to insert, remove or replace. */
  private static int distance(String a, String b) {
    int[] row = IntStream.rangeClosed(0, b.length()).toArray();
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }

  private static @Nullable String property(String name) {
    String value = System.getProperty(name.toLowerCase(Locale.ROOT).replace('_', '.'));
    return value == null ? System.getProperty(name) : value;
  }

  void applyTo(ProfilingSettings settings) {
    values.text("PSC_STORE_ADDRESS").ifPresent(a -> settings.environmentStore = store(a));
    values
        .text("PSC_OTLP_ENDPOINT")
        .ifPresent(url -> settings.environmentOtlp = SinkSettings.builder(url).build());
    values.flag("PSC_INSTANCE_LABEL", on -> settings.instanceLabel = on);
    values.size("PSC_QUEUE_MAX_BYTES", settings::queueMaxBytes);
    values.text("PSC_SPOOL_DIR").ifPresent(path -> settings.spool(Path.of(path)));
    values.size("PSC_SPOOL_MAX_BYTES", settings::spoolMaxBytes);
    settings.labels(labels());
    values
        .text("PSC_SPLIT_BY")
        .ifPresent(
            names ->
                SettingValues.set(
                    "PSC_SPLIT_BY", settings::splitBy, List.of(names.trim().split("\\s*,\\s*"))));
    values.number("PSC_SPLIT_MAX_SERIES", settings::splitMaxSeries);
    profiles().ifPresent(settings::profiles);
    values.duration("PSC_INTERVAL", settings::interval);
    values.duration("PSC_IDLE_TIMEOUT", settings::idleTimeout);
    values
        .text("PSC_PPROF_ADDRESS")
        .ifPresent(a -> settings.pprofAddress(SettingValues.address("PSC_PPROF_ADDRESS", a)));
    String file = "PSC_PPROF_TOKEN_FILE";
    values
        .oneOf("PSC_PPROF_TOKEN", file)
        .ifPresent(
            (name, value) -> {
              if (name.equals(file)) {
                settings.pprofTokenFile(Path.of(value));
              } else {
                settings.pprofToken(value);
              }
            });
    values.flag("PSC_STRICT", strict -> settings.strict = strict);
    values.text("PSC_ENGINE").ifPresent(name -> settings.capture.engine(engine(name)));
    values
        .text("PSC_ASYNC_PROFILER_LIBRARY")
        .ifPresent(path -> settings.asyncProfilerLibrary(Path.of(path)));
    values.duration("PSC_CPU_PERIOD", settings::cpuPeriod);
    values.number("PSC_ALLOCATIONS_PER_SECOND", settings::allocationsPerSecond);
    values.flag("PSC_EXACT_ALLOCATIONS", settings.capture::exactAllocations);
    values.flag("PSC_ALLOCATED_CLASS", settings.capture::allocatedClass);
    values.duration("PSC_LOCK_THRESHOLD", settings::lockThreshold);
    values.duration("PSC_BLOCK_THRESHOLD", settings::blockThreshold);
    values.number("PSC_STACK_DEPTH", settings::stackDepth);
    values.flag("PSC_IDLE_THREADS", settings.capture::idleThreads);
    values.flag("PSC_THREAD_NAMES", settings.capture::threadNames);
    values.number("PSC_MAX_TRACES", settings::maxTraces);
    values
        .text("PSC_TRACE_LABELS")
        .ifPresent(
            text ->
                SettingValues.set(
                    "PSC_TRACE_LABELS",
                    given -> settings.capture.traceLabels(TraceLabels.parse(given)),
                    text));
    values.text("PSC_JFR_REPOSITORY").ifPresent(path -> settings.repository(Path.of(path)));
  }

  private static ProfilingEngine engine(String name) {
    return ProfilingEngine.named(name)
        .orElseThrow(
            () -> SettingValues.invalid("PSC_ENGINE", name, "jfr, async-profiler or auto"));
  }

  private SinkSettings store(String address) {
    SinkSettings.Builder store = SinkSettings.builder(address);
    values
        .oneOf("PSC_BEARER_TOKEN", "PSC_BEARER_TOKEN_FILE")
        .ifPresent(
            (name, value) -> {
              if (name.equals("PSC_BEARER_TOKEN")) {
                store.token(value);
              } else {
                store.tokenFile(Path.of(value));
              }
            });
    values.text("PSC_PROJECT_ID").ifPresent(store::projectId);
    values.text("PSC_CA_FILE").ifPresent(path -> store.caFile(Path.of(path)));
    values.flag("PSC_INSECURE", store::plaintext);
    values.flag("PSC_INSECURE_SKIP_VERIFY", store::insecureSkipVerify);
    values.flag("PSC_ALLOW_PLAINTEXT_TOKEN", store::allowPlaintextToken);
    values.flag("PSC_ALLOW_PROJECT_TOKEN", store::allowProjectToken);
    values.text("PSC_GRPC_HEADERS").ifPresent(pairs -> headers(pairs, store));
    return store.build();
  }

  /** Reads {@code name=value;name=value}. No message has a value, which may be a secret. */
  private static void headers(String pairs, SinkSettings.Builder store) {
    Set<String> seen = new HashSet<>();
    for (String pair : pairs.split(";", -1)) {
      if (pair.isBlank()) {
        continue;
      }
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "PSC_GRPC_HEADERS: a pair has no name or no '='; write name=value;name=value");
      }
      String name = pair.substring(0, equals).trim();
      if (!seen.add(name.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException("PSC_GRPC_HEADERS: " + name + " is given twice");
      }
      store.header(name, pair.substring(equals + 1).trim());
    }
  }

  private LabelSet labels() {
    LabelSet.Builder labels = LabelSet.builder();
    values
        .text("OTEL_RESOURCE_ATTRIBUTES")
        .map(ResourceAttributes::labels)
        .ifPresent(attributes -> attributes.toMap().forEach(labels::set));
    values.text("OTEL_SERVICE_NAME").ifPresent(service -> labels.set("service_name", service));
    for (String list : values.weakestFirst("PSC_LABELS")) {
      for (String pair : list.split(",", -1)) {
        int equals = pair.indexOf('=');
        if (equals < 1) {
          throw SettingValues.invalid("PSC_LABELS", pair, "name=value,name=value");
        }
        SettingValues.set(
            "PSC_LABELS",
            given ->
                labels.set(given.substring(0, equals).trim(), given.substring(equals + 1).trim()),
            pair);
      }
    }
    return labels.build();
  }

  /** Reads a list of names; {@code +name} and {@code -name} change the defaults instead. */
  private Optional<Set<JvmProfile>> profiles() {
    Optional<String> list = values.text("PSC_PROFILES");
    if (list.isEmpty()) {
      return Optional.empty();
    }
    Set<JvmProfile> profiles = EnumSet.noneOf(JvmProfile.class);
    String[] names = list.get().split(",", -1);
    if (names[0].startsWith("+") || names[0].startsWith("-")) {
      profiles.addAll(JvmProfile.defaults());
    }
    for (String entry : names) {
      String name = entry.trim();
      boolean remove = name.startsWith("-");
      String bare = remove || name.startsWith("+") ? name.substring(1) : name;
      JvmProfile profile =
          JvmProfile.named(bare)
              .orElseThrow(
                  () ->
                      SettingValues.invalid(
                          "PSC_PROFILES",
                          bare,
                          "a list such as process_cpu,memory,mutex,block,goroutine"));
      if (!remove && profile == JvmProfile.NATIVE_MEMORY) {
        throw new IllegalArgumentException(
            "PSC_PROFILES must not contain native_memory: "
                + ProfilingSettings.NATIVE_MEMORY_REASON);
      }
      if (remove) {
        profiles.remove(profile);
      } else {
        profiles.add(profile);
      }
    }
    return Optional.of(profiles);
  }
}
