package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.Measurement.Measured;
import dev.psc.examples.benchmarks.Measurement.Skipped;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.KeepSampleTypes;
import dev.psc.pprof.repair.Repair;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Operations on a gzip'd profile, compared with google/pprof's own Go package. The two processes
 * alternate in batches. The cost is that of the whole process, as both have a concurrent garbage
 * collector. With several inputs, the ratio is the least favourable one.
 */
final class GoRatios {

  private static final int ROUNDS = 21;

  /** The duration of a batch, for a clock with steps of 10 ms. */
  private static final long BATCH_NANOS = 320_000_000L;

  private static final int WARMUP_BATCHES = 6;
  private static final SampleType KEPT = new SampleType("alloc_space", "bytes");

  private GoRatios() {}

  /** Validating and repairing, compared with {@code ParseData}, which reads and validates. */
  public static final class Parse implements Ratio {

    @Override
    public String name() {
      return "repair-vs-go-parse";
    }

    @Override
    public double goal() {
      return 0.2;
    }

    @Override
    public Measurement measure() throws Exception {
      return GoRatios.measure("parse", ROUNDS, System.getenv("PATH"));
    }
  }

  /** Keeping one sample type, compared with parsing, cutting, compacting and writing. */
  public static final class Keep implements Ratio {

    @Override
    public String name() {
      return "keep-one-type-vs-go";
    }

    @Override
    public double goal() {
      return 1 / 3.0;
    }

    @Override
    public Measurement measure() throws Exception {
      return GoRatios.measure("keep", ROUNDS, System.getenv("PATH"));
    }
  }

  private static byte[] ours(String operation, byte[] body) throws Exception {
    return operation.equals("parse")
        ? Repair.repair(body).bytes()
        : KeepSampleTypes.of(List.of(KEPT)).apply(body, PprofLimits.defaults());
  }

  /**
   * Compares on every input.
   *
   * @param operation {@code parse} or {@code keep}
   * @param path the folders that may contain {@code go}
   */
  static Measurement measure(String operation, int rounds, String path) throws Exception {
    double worst = 0;
    List<String> details = new ArrayList<>();
    for (Inputs.Named input : Inputs.heaps()) {
      try (GoProgram go = GoProgram.start(path, input.body(), KEPT.type())) {
        requireSameTotal(go.run(operation, 1), ours(operation, input.body()));
        Comparison comparison = compare(operation, rounds, input.body(), go);
        worst = Math.max(worst, comparison.ratio);
        details.add(input.name() + ": " + comparison.detail);
      } catch (GoProgram.Unavailable e) {
        return new Skipped("not measured: " + e.getMessage());
      }
    }
    return new Measured(worst, String.join("; ", details));
  }

  /** Checks that both sides compute the same total. */
  private static void requireSameTotal(GoProgram.Cost theirs, byte[] ours) throws Exception {
    Profile profile = Profile.parse(ours);
    long total = profile.total(profile.sampleTypes().indexOf(KEPT));
    if (total != theirs.total()) {
      throw new IllegalStateException("our total is " + total + ", Go's to " + theirs.total());
    }
  }

  private record Comparison(double ratio, String detail) {}

  private static Comparison compare(String operation, int rounds, byte[] body, GoProgram go)
      throws Exception {
    Stopwatch.Work work = () -> ours(operation, body);
    int oursPerBatch = Stopwatch.callsIn(BATCH_NANOS, work);
    int theirsPerBatch = warmUp(operation, go);
    double[][] costs = new double[6][rounds];
    GoProgram.Cost theirs = go.run(operation, theirsPerBatch);
    for (int round = 0; round < rounds; round++) {
      Stopwatch.Cost ours = Stopwatch.cost(work, oursPerBatch);
      theirs = go.run(operation, theirsPerBatch);
      costs[0][round] = ours.processNanos();
      costs[1][round] = theirs.processNanos();
      costs[2][round] = ours.processNanos() / theirs.processNanos();
      costs[3][round] = ours.threadNanos();
      costs[4][round] = theirs.threadNanos();
      costs[5][round] = ours.threadNanos() / theirs.threadNanos();
    }
    double[] medians = new double[costs.length];
    for (int i = 0; i < medians.length; i++) {
      medians[i] = Stopwatch.median(costs[i]);
    }
    String detail =
        String.format(
            Locale.ROOT,
            "ours %.2f ms, Go %.2f ms, %.3f (of the working threads alone %.2f ms, %.2f ms, %.3f),"
                + " ours allocates %.0f kB, Go %.0f kB, of %d kB inflated",
            medians[0] / 1e6,
            medians[1] / 1e6,
            medians[2],
            medians[3] / 1e6,
            medians[4] / 1e6,
            medians[5],
            Stopwatch.allocatedBytes(work) / 1e3,
            theirs.allocatedBytes() / 1e3,
            Inputs.inflate(body).length / 1_000);
    if (theirs.bytes() > 0) {
      detail += ", ours writes " + ours(operation, body).length + " bytes, Go " + theirs.bytes();
    }
    return new Comparison(medians[2], detail);
  }

  /** Returns how many calls fill a batch. */
  private static int warmUp(String operation, GoProgram go) throws Exception {
    int calls = 1;
    for (int i = 0; i < WARMUP_BATCHES; i++) {
      calls = (int) Math.max(1, BATCH_NANOS / go.run(operation, calls).processNanos());
    }
    return calls;
  }
}
