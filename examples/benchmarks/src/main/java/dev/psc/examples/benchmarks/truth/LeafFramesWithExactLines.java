package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** The same loop in a JVM whose compiled code has debug information between safepoints. */
public final class LeafFramesWithExactLines extends LeafFrames {

  @Override
  public String name() {
    return "leaf-frames-exact-lines";
  }

  @Override
  public List<String> vmOptions() {
    return List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints");
  }
}
