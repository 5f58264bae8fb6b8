package dev.psc.spring;

import dev.psc.label.LegalNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/** Reads the properties of an application. */
final class ProfilingProperties {

  private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("psc");
  private static final ConfigurationPropertyName LABELS =
      ConfigurationPropertyName.of(ProfilingProperty.LABELS);

  private static final Set<String> JVM_SOURCES =
      Set.of(
          StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
          StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);

  private final ConfigurableEnvironment environment;

  ProfilingProperties(ConfigurableEnvironment environment) {
    this.environment = environment;
  }

  boolean isEnabled() {
    return environment.getProperty(ProfilingProperty.ENABLED, Boolean.class, true);
  }

  boolean isStrict() {
    return environment.getProperty(ProfilingProperty.STRICT, Boolean.class, false);
  }

  /** Returns whether anyone can get the profiles: a store, a port, or the actuator's endpoint. */
  boolean hasUse() {
    return value(ProfilingProperty.STORE_ADDRESS).isPresent()
        || value(ProfilingProperty.PPROF_ADDRESS).isPresent()
        || isExposed();
  }

  private boolean isExposed() {
    String property = "management.endpoints.web.exposure.include";
    String[] exposed = environment.getProperty(property, String[].class, new String[0]);
    return Arrays.stream(exposed)
        .map(String::trim)
        .anyMatch(id -> id.equals("*") || id.equals("pprof"));
  }

  Optional<String> value(ProfilingProperty property) {
    return text(property.property());
  }

  private Optional<String> text(String property) {
    return Optional.ofNullable(environment.getProperty(property))
        .map(String::strip)
        .filter(value -> !value.isEmpty());
  }

  /**
   * Returns the settings of the profiler by the names of its variables.
   *
   * @throws IllegalArgumentException if a value is invalid; the message names the property
   */
  Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    for (ProfilingProperty property : ProfilingProperty.values()) {
      value(property)
          .ifPresent(
              text ->
                  settings.put(
                      property.setting(),
                      property.isDuration() ? duration(property.property(), text) : text));
    }
    settings.put("PSC_LABELS", labels());
    settings.values().removeIf(String::isEmpty);
    return settings;
  }

  private static String duration(String property, String text) {
    try {
      Duration duration = DurationStyle.detectAndParse(text);
      return duration.toNanos() / 1_000 + "us";
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          property + " must be a duration such as 10ms, 15s or 1m, but was \"" + text + "\"", e);
    }
  }

  /** Returns {@code name=value,name=value}; those of the application win over derived ones. */
  private String labels() {
    Map<String, String> labels = new LinkedHashMap<>();
    if (text("OTEL_SERVICE_NAME").isEmpty()) {
      text("spring.application.name").ifPresent(name -> labels.put("service_name", name));
    }
    String[] profiles = environment.getActiveProfiles();
    if (profiles.length > 0) {
      labels.put("spring_profile", String.join("_", profiles));
    }
    text("HOSTNAME").ifPresent(host -> labels.put("instance", host));
    String list = "";
    for (ConfigurationPropertySource source : sourcesWeakestFirst()) {
      String own = string(source, LABELS);
      if (own != null && !own.isBlank()) {
        list = own;
      }
      if (source instanceof IterableConfigurationPropertySource names) {
        names.stream()
            .filter(LABELS::isParentOf)
            .forEach(
                name -> {
                  String value = string(source, name);
                  if (value != null && !value.isBlank()) {
                    String label = LegalNames.labelName(name.getLastElement(Form.ORIGINAL));
                    labels.put(label, value);
                  }
                });
      }
    }
    List<String> pairs = new ArrayList<>();
    labels.forEach((name, value) -> pairs.add(name + "=" + value.replace(',', '_')));
    if (!list.isBlank()) {
      pairs.add(list.strip());
    }
    return String.join(",", pairs);
  }

  private @Nullable String string(
      ConfigurationPropertySource source, ConfigurationPropertyName name) {
    ConfigurationProperty property = source.getConfigurationProperty(name);
    return property == null
        ? null
        : environment.resolvePlaceholders(String.valueOf(property.getValue()));
  }

  private List<ConfigurationPropertySource> sourcesWeakestFirst() {
    List<ConfigurationPropertySource> sources = new ArrayList<>();
    ConfigurationPropertySources.get(environment).forEach(source -> sources.add(0, source));
    return sources;
  }

  /** Returns a sentence for each property below {@code psc} that does not exist. */
  List<String> unknown() {
    Set<String> known = new TreeSet<>();
    Stream.of(ProfilingProperty.values()).map(ProfilingProperty::property).forEach(known::add);
    known.add(ProfilingProperty.ENABLED);
    known.add(ProfilingProperty.STRICT);
    known.add(ProfilingProperty.LABELS);
    known.add(ProfilingProperty.REQUEST_LABELS);
    Map<String, String> unknown = new TreeMap<>();
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      // Variables and system properties of other programs may begin with psc too.
      boolean ofTheJvm =
          source.getUnderlyingSource() instanceof PropertySource<?> properties
              && JVM_SOURCES.contains(properties.getName());
      if (!ofTheJvm && source instanceof IterableConfigurationPropertySource names) {
        names.stream()
            .filter(PREFIX::isAncestorOf)
            .filter(name -> !LABELS.isAncestorOf(name))
            .map(ConfigurationPropertyName::toString)
            .filter(name -> !known.contains(name))
            .forEach(name -> unknown.put(name, "Unknown property " + name + hint(name, known)));
      }
    }
    return List.copyOf(unknown.values());
  }

  private static String hint(String name, Set<String> known) {
    String nearest = "";
    int least = 4;
    for (String candidate : known) {
      int distance = distance(name, candidate);
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest.isEmpty() ? "" : "; did you mean " + nearest + "?";
  }

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }

  /** Replaces the names of variables in a message by those of properties. */
  static String inWordsOfTheApplication(String message) {
    String text = message;
    List<ProfilingProperty> longestFirst = new ArrayList<>(List.of(ProfilingProperty.values()));
    longestFirst.sort((a, b) -> b.setting().length() - a.setting().length());
    for (ProfilingProperty property : longestFirst) {
      text = text.replace(property.setting(), property.property());
    }
    return text.replace("PSC_LABELS", ProfilingProperty.LABELS);
  }
}
