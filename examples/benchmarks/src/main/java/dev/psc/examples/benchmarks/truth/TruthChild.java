package dev.psc.examples.benchmarks.truth;

import dev.psc.jvm.JvmProfiling;

/** The main class of the JVM in which one program is measured. */
final class TruthChild {

  private TruthChild() {}

  @SuppressWarnings("ClosingStandardOutputStreams") // the capture leaves it open
  public static void main(String[] arguments) throws Exception {
    JvmProfiling.prepare();
    TruthProgram program =
        Class.forName(arguments[0])
            .asSubclass(TruthProgram.class)
            .getDeclaredConstructor()
            .newInstance();
    try (TruthCapture capture = new TruthCapture(System.out)) {
      program.measure(capture);
    }
    System.exit(0);
  }
}
