package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** The compiler in a JVM whose compiled code has debug information between safepoints. */
public final class CompilerWithExactLines extends Compiler {

  @Override
  public String name() {
    return "javac-exact-lines";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1");
  }

  @Override
  public List<String> vmOptions() {
    return List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints");
  }
}
