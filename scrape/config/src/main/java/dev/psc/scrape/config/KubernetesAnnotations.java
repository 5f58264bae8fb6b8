package dev.psc.scrape.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code kubernetes_preset: annotations}: annotations of pods select what is scraped and how. Its
 * rules run before a job's own.
 *
 * <p>{@code psc.dev/scrape: "true"} is needed; {@code psc.dev/port} need not be a declared port,
 * and without it each declared TCP port is scraped; {@code psc.dev/scheme}, {@code psc.dev/path}
 * (before each profile's path), {@code psc.dev/profiles} (names with commas between), {@code
 * psc.dev/interval} and {@code psc.dev/timeout} are optional.
 */
final class KubernetesAnnotations {

  private static final String POD = "__meta_kubernetes_pod_";
  private static final String ANNOTATION = POD + "annotation_psc_dev_";
  private static final String WANTED = "__tmp_psc_profile_wanted";

  private KubernetesAnnotations() {}

  /**
   * Returns the rules, each as a configuration has it.
   *
   * @param profiles the names of the job's enabled profiles: relabelling cannot look for one
   *     label's value in another's, so each has a separate rule
   */
  static List<Map<String, Object>> rules(Collection<String> profiles) {
    List<Map<String, Object>> rules = new ArrayList<>();
    rules.add(rule("keep", List.of(ANNOTATION + "scrape"), "true"));
    rules.add(rule("drop", List.of(POD + "phase"), "Succeeded|Failed"));
    // Without the port's annotation: declared TCP ports only.
    rules.add(
        rule("keep", List.of(ANNOTATION + "port", POD + "container_port_protocol"), ".+;.*|;TCP"));
    List<String> ipAndPort = List.of(POD + "ip", ANNOTATION + "port");
    rules.add(replace(ipAndPort, "([^:;]+);(\\d+)", "__address__", "$1:$2"));
    rules.add(replace(ipAndPort, "([^;]*:[^;]*);(\\d+)", "__address__", "[$1]:$2"));
    rules.add(replace(List.of(ANNOTATION + "scheme"), "(https?)", "__scheme__", "$1"));
    rules.add(
        replace(
            List.of(ANNOTATION + "path", "__profile_path__"),
            "/*([^;/][^;]*?)/*;(.*)",
            "__profile_path__",
            "/$1$2"));
    for (String profile : profiles) {
      String label = profile.replaceAll("[^a-zA-Z0-9_]", "_");
      String named = "(?:" + label + "|" + profile.replaceAll("([^a-zA-Z0-9_])", "\\\\$1") + ")";
      rules.add(
          replace(
              List.of("__name__", ANNOTATION + "profiles"),
              label + ";(?:.*,)?\\s*" + named + "\\s*(?:,.*)?",
              WANTED,
              "yes"));
    }
    rules.add(rule("keep", List.of(ANNOTATION + "profiles", WANTED), ";.*|.+;yes"));
    rules.add(replace(List.of(ANNOTATION + "interval"), "(.+)", "__scrape_interval__", "$1"));
    rules.add(replace(List.of(ANNOTATION + "timeout"), "(.+)", "__scrape_timeout__", "$1"));
    rules.add(replace(List.of("__meta_kubernetes_namespace"), "(.*)", "namespace", "$1"));
    rules.add(replace(List.of(POD + "name"), "(.*)", "pod", "$1"));
    rules.add(replace(List.of(POD + "node_name"), "(.*)", "node", "$1"));
    // All containers share an annotated port: without this label their targets are one.
    rules.add(
        replace(List.of(ANNOTATION + "port", POD + "container_name"), ";(.+)", "container", "$1"));
    return List.copyOf(rules);
  }

  private static Map<String, Object> rule(String action, List<String> sources, String regex) {
    Map<String, Object> rule = new LinkedHashMap<>();
    rule.put("source_labels", sources);
    rule.put("regex", regex);
    rule.put("action", action);
    return rule;
  }

  private static Map<String, Object> replace(
      List<String> sources, String regex, String target, String replacement) {
    Map<String, Object> rule = rule("replace", sources, regex);
    rule.put("target_label", target);
    rule.put("replacement", replacement);
    return rule;
  }
}
