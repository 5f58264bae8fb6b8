package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.proto.Pprof;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.SampleCursor;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.DeltaState;
import dev.psc.pprof.repair.KeepSampleTypes;
import dev.psc.pprof.repair.PprofCheck;
import dev.psc.pprof.repair.Repair;
import dev.psc.pprof.repair.Repaired;
import dev.psc.pprof.report.FlameGraph;
import dev.psc.pprof.report.Top;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The time of each stage for one heap profile of a Go service, and of the references. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class PprofBenchmark {

  private static final PprofLimits LIMITS = PprofLimits.defaults();

  private final KeepSampleTypes keep =
      KeepSampleTypes.of(List.of(new SampleType("inuse_space", "bytes")));

  private byte[] gzip = {};
  private byte[] bare = {};
  private Inputs.Pair pair = new Inputs.Pair("", new byte[0], new byte[0]);
  private Profile profile = empty();

  private static Profile empty() {
    try {
      return Profile.parse(Inputs.heap(0, 1));
    } catch (dev.psc.pprof.format.PprofException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Creates the profiles. */
  @Setup
  public void prepare() throws Exception {
    gzip = Inputs.heap(0);
    bare = Inputs.inflate(gzip);
    pair = Inputs.bigPair();
    profile = Profile.parse(gzip);
  }

  /** The reference for operations on a gzip'd body. */
  @Benchmark
  public int inflate() throws IOException {
    return Inputs.inflate(gzip).length;
  }

  /** The reference for operations on a bare body. */
  @Benchmark
  public int readWithGeneratedClasses() throws IOException {
    return Pprof.Profile.parseFrom(bare).getSampleCount();
  }

  /** Reads every value, stack and label of a bare body. */
  @Benchmark
  public long read() throws Exception {
    Profile read = Profile.parse(bare, LIMITS);
    long sum = 0;
    SampleCursor cursor = read.cursor();
    while (cursor.next()) {
      sum += cursor.value(0) + cursor.depth() + cursor.labelCount();
    }
    return sum;
  }

  /** Checks a bare body against every rule. */
  @Benchmark
  public PprofCheck validate() throws Exception {
    return PprofCheck.check(bare, LIMITS);
  }

  /** Inflates a body, checks it against every rule, and returns it unchanged. */
  @Benchmark
  public Repaired repairOfWhatNeedsNone() throws Exception {
    return Repair.repair(gzip);
  }

  /** Checks a bare body against every rule and compresses it. */
  @Benchmark
  public Repaired repairAndCompress() throws Exception {
    return Repair.repair(bare);
  }

  /** Inflates a body, keeps one of four sample types, and compresses it. */
  @Benchmark
  public byte[] keepSampleType() throws Exception {
    return keep.apply(gzip, LIMITS);
  }

  /** Reads two scrapes of a cumulative profile and writes their difference, all bare. */
  @Benchmark
  public DeltaState.Outcome delta() throws Exception {
    return DeltaRatio.delta(pair);
  }

  /** The reference for the delta: reads both. */
  @Benchmark
  public int readBothWithGeneratedClasses() throws IOException {
    return DeltaRatio.readBoth(pair);
  }

  /** Merges two parsed profiles and compresses the sum. */
  @Benchmark
  public byte[] merge() {
    return Merge.create().add(profile).add(profile).build();
  }

  /** Computes the top functions. */
  @Benchmark
  public Top top() {
    return Top.of(profile, 1);
  }

  /** Renders a flame graph. */
  @Benchmark
  public String flameGraph() {
    return FlameGraph.html(profile, "heap");
  }
}
