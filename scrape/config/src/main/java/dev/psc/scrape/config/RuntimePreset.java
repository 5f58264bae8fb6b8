package dev.psc.scrape.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code profiling_config.preset}: what the usual pprof endpoints of a runtime offer, in place of
 * the default profiles. What a job sets for a profile itself wins, key by key.
 */
enum RuntimePreset {
  /** {@code net/http/pprof}: the default profiles. */
  GO("allocs", true),
  /** The endpoints of psc-jvm, which are those of Go. */
  JVM("allocs", true),
  /** The npm packages that serve pprof: CPU and heap. */
  NODE("heap", false),
  /** pypprof: CPU and heap. */
  PYTHON("heap", false),
  /** pprof-rs and jemalloc_pprof: CPU and allocations. */
  RUST("allocs", false);

  private final String memory;
  private final boolean blocking;

  RuntimePreset(String memory, boolean blocking) {
    this.memory = memory;
    this.blocking = blocking;
  }

  /**
   * Returns {@code pprof_config} as a configuration would have it: every default profile, enabled
   * or not, so that one that is not can still be enabled by one key.
   */
  Map<String, Map<String, Object>> profiles() {
    Map<String, Map<String, Object>> profiles = new LinkedHashMap<>();
    profiles.put("memory", profile(true, memory));
    profiles.put("block", profile(blocking, "block"));
    profiles.put("goroutine", profile(blocking, "goroutine"));
    profiles.put("mutex", profile(blocking, "mutex"));
    Map<String, Object> cpu = profile(true, "profile");
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
