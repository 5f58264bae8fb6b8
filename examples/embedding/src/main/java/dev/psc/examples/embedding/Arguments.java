package dev.psc.examples.embedding;

import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.JvmProfiling;
import dev.psc.label.LabelSet;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The arguments of the command line. Immutable. */
record Arguments(Map<String, String> values) {

  static final String USAGE =
      """
      usage: java -jar psc-embedding.jar [options]

        --pprof-address=HOST:PORT   serve profiles at http://HOST:PORT/debug/pprof/
        --store-address=HOST:PORT   push profiles to this store
        --bearer-token-file=FILE    the token for the store
        --project-id=ID             the project id for the store
        --ca-file=FILE              PEM file with the store's certificate authority
        --insecure                  use plaintext for the store
        --insecure-skip-verify      do not verify the store's certificate
        --interval-seconds=N        the duration of each pushed profile; 10 by default
      """;

  private static final Set<String> FLAGS = Set.of("insecure", "insecure-skip-verify", "help");
  private static final Set<String> NAMES =
      Set.of(
          "pprof-address",
          "store-address",
          "bearer-token-file",
          "project-id",
          "ca-file",
          "interval-seconds");
  private static final Set<String> OF_STORE =
      Set.of("bearer-token-file", "project-id", "ca-file", "insecure", "insecure-skip-verify");

  Arguments {
    values = Map.copyOf(values);
  }

  static Arguments read(String... arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String name = equals < 0 ? argument : argument.substring(0, equals);
      String bare = name.startsWith("--") ? name.substring(2) : "";
      if (!(equals < 0 ? FLAGS : NAMES).contains(bare)) {
        throw new IllegalArgumentException(
            NAMES.contains(bare)
                ? name + " needs a value: " + name + "=…"
                : "unknown option " + name + "; --help lists them");
      }
      if (values.put(bare, argument.substring(equals + 1)) != null) {
        throw new IllegalArgumentException(name + " is given twice");
      }
    }
    Arguments read = new Arguments(values);
    read.check();
    return read;
  }

  private void check() {
    if (help()) {
      return;
    }
    if (values.containsKey("store-address")) {
      return;
    }
    for (String name : values.keySet()) {
      if (OF_STORE.contains(name)) {
        throw new IllegalArgumentException("--" + name + " requires --store-address");
      }
    }
    if (!values.containsKey("pprof-address")) {
      throw new IllegalArgumentException(
          "no destination: set --pprof-address, --store-address or both");
    }
  }

  boolean help() {
    return values.containsKey("help");
  }

  JvmProfiling.Builder profiling() {
    JvmProfiling.Builder profiling =
        JvmProfiling.builder()
            .labels(LabelSet.of("job", "shop"))
            .interval(Duration.ofSeconds(number("interval-seconds", 10)));
    String pprof = values.get("pprof-address");
    if (pprof != null) {
      profiling.pprofAddress(address("--pprof-address", pprof));
    }
    String store = values.get("store-address");
    if (store != null) {
      profiling.store(store(store));
    }
    return profiling;
  }

  private SinkSettings store(String address) {
    SinkSettings.Builder store =
        SinkSettings.builder(address)
            .plaintext(values.containsKey("insecure"))
            .insecureSkipVerify(values.containsKey("insecure-skip-verify"));
    String token = values.get("bearer-token-file");
    if (token != null) {
      store.tokenFile(Path.of(token));
    }
    String project = values.get("project-id");
    if (project != null) {
      store.projectId(project);
    }
    String authority = values.get("ca-file");
    if (authority != null) {
      store.caFile(Path.of(authority));
    }
    return store.build();
  }

  private static InetSocketAddress address(String name, String text) {
    int colon = text.lastIndexOf(':');
    Integer port = colon < 0 ? null : wholeNumber(text.substring(colon + 1));
    if (colon < 1 || port == null || port > 65_535) {
      throw new IllegalArgumentException(name + "=" + text + " must be HOST:PORT");
    }
    String host = text.substring(0, colon).replace("[", "").replace("]", "");
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new IllegalArgumentException(name + "=" + text + ": the host cannot be resolved");
    }
    return address;
  }

  private int number(String name, int byDefault) {
    String text = values.get(name);
    Integer number = text == null ? Integer.valueOf(byDefault) : wholeNumber(text);
    if (number == null || number < 1) {
      throw new IllegalArgumentException(
          "--" + name + " must be between 1 and 999999, but was " + text);
    }
    return number;
  }

  private static @Nullable Integer wholeNumber(String text) {
    return text.matches("\\d{1,6}") ? Integer.valueOf(text) : null;
  }
}
