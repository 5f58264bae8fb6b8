package dev.psc.pprof.internal.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Gives names that are not taken yet: the wanted one, or it with {@code _2}, {@code _3}, … */
public final class FreeNames {

  private final Set<String> taken;

  /** By name, the number to try next: a profile may have thousands that become the same. */
  private final Map<String, Integer> next = new HashMap<>();

  public FreeNames(Set<String> taken) {
    this.taken = new HashSet<>(taken);
  }

  public String take(String wanted) {
    if (taken.add(wanted)) {
      return wanted;
    }
    int n = next.getOrDefault(wanted, 2);
    while (!taken.add(wanted + "_" + n)) {
      n++;
    }
    next.put(wanted, n + 1);
    return wanted + "_" + n;
  }
}
