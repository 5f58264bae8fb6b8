package dev.psc.examples.benchmarks.truth;

import dev.psc.jvm.JvmProfiling;

/** The main class of the JVM in which one program is measured. */
final class TruthChild {

  private TruthChild() {}

  public static void main(String[] arguments) throws Exception {
    JvmProfiling.prepare();
    TruthProgram program =
        (TruthProgram) Class.forName(arguments[0]).getDeclaredConstructor().newInstance();
    try (TruthCapture capture = new TruthCapture(System.out)) {
      program.measure(capture);
    }
    System.exit(0);
  }
}
