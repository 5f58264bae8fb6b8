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

/** What each stage takes for one heap profile of a Go service, beside what it is measured by. */
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

  /** Makes the profiles. */
  @Setup
  public void prepare() throws Exception {
    gzip = Inputs.heap(0);
    bare = Inputs.inflate(gzip);
    pair = Inputs.bigPair();
    profile = Profile.parse(gzip);
  }

  /** The measure of everything that gets a gzip'd body. */
  @Benchmark
  public int inflate() throws IOException {
    return Inputs.inflate(gzip).length;
  }

  /** The measure of everything that gets a bare body. */
  @Benchmark
  public int readWithGeneratedClasses() throws IOException {
    return Pprof.Profile.parseFrom(bare).getSampleCount();
  }

  /** Reads a bare body and every value, stack and label of it. */
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

  /** Holds a bare body to every rule. */
  @Benchmark
  public PprofCheck validate() throws Exception {
    return PprofCheck.check(bare, LIMITS);
  }

  /** Inflates a body, holds it to every rule, and hands it on as it is. */
  @Benchmark
  public Repaired repairOfWhatNeedsNone() throws Exception {
    return Repair.repair(gzip);
  }

  /** Holds a bare body to every rule and compresses it. */
  @Benchmark
  public Repaired repairAndCompress() throws Exception {
    return Repair.repair(bare);
  }

  /** Inflates a body, keeps one of four sample types, and compresses it. */
  @Benchmark
  public byte[] keepSampleType() throws Exception {
    return keep.apply(gzip, LIMITS);
  }

  /** Reads two scrapes of a cumulative profile and writes what happened between them, all bare. */
  @Benchmark
  public DeltaState.Outcome delta() throws Exception {
    return DeltaRatio.delta(pair);
  }

  /** The measure of the delta: only reads both. */
  @Benchmark
  public int readBothWithGeneratedClasses() throws IOException {
    return DeltaRatio.readBoth(pair);
  }

  /** Adds up two profiles that are read already, and compresses the sum. */
  @Benchmark
  public byte[] merge() {
    return Merge.create().add(profile).add(profile).build();
  }

  /** Sums up by function. */
  @Benchmark
  public Top top() {
    return Top.of(profile, 1);
  }

  /** Draws. */
  @Benchmark
  public String flameGraph() {
    return FlameGraph.html(profile, "heap");
  }
}
