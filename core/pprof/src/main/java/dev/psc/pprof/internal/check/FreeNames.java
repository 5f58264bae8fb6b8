package dev.psc.pprof.internal.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A set of names that adds a suffix {@code _2}, {@code _3}, … to a name that is taken */
public final class FreeNames {

  /** A profile may use one text of many MiB as the name of all its sample types. */
  private static final int MAX_NUMBERED_CHARS = 256;

  private final Set<String> taken;

  /** By name, the number to try next: a profile may have thousands that become the same. */
  private final Map<String, Integer> next = new HashMap<>();

  public FreeNames(Set<String> taken) {
    this.taken = new HashSet<>(taken);
  }

  public String take(String name) {
    if (taken.add(name)) {
      return name;
    }
    String wanted = name.substring(0, Math.min(name.length(), MAX_NUMBERED_CHARS));
    int n = next.getOrDefault(wanted, 2);
    while (!taken.add(wanted + "_" + n)) {
      n++;
    }
    next.put(wanted, n + 1);
    return wanted + "_" + n;
  }
}
