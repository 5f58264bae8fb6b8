package dev.psc.scrape.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code profiling_config.preset}: the usual pprof endpoints of a runtime, in place of the default
 * profiles. The settings of a job for a profile take precedence, key by key.
 */
enum RuntimePreset {
  /** {@code net/http/pprof}: the default profiles. */
  GO("allocs", true),
  /** The endpoints of psc-jvm, which are those of Go. */
  JVM("allocs", true),
  /** The npm package pprof: the heap. */
  NODE("heap", false),
  /** pypprof: the heap. */
  PYTHON("heap", false),
  /** jemalloc_pprof: the heap. */
  RUST("heap", false);

  private final String memory;
  private final boolean all;

  RuntimePreset(String memory, boolean all) {
    this.memory = memory;
    this.all = all;
  }

  /**
   * Returns {@code pprof_config} as a configuration would have it: every default profile, enabled
   * or not, so that one that is not can still be enabled by one key.
   */
  Map<String, Map<String, Object>> profiles() {
    Map<String, Map<String, Object>> profiles = new LinkedHashMap<>();
    profiles.put("memory", profile(true, memory));
    profiles.put("block", profile(all, "block"));
    profiles.put("goroutine", profile(all, "goroutine"));
    profiles.put("mutex", profile(all, "mutex"));
    Map<String, Object> cpu = profile(all, "profile");
    cpu.put("delta", true);
    profiles.put("process_cpu", cpu);
    return Collections.unmodifiableMap(profiles);
  }

  private static Map<String, Object> profile(boolean enabled, String name) {
    Map<String, Object> profile = new LinkedHashMap<>();
    profile.put("enabled", enabled);
    profile.put("path", "/debug/pprof/" + name);
    return profile;
  }
}
