package dev.psc.examples.benchmarks;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.otlp.OtlpProfileSink;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;

/** The cost of converting a profile to OTLP, and its size. */
final class OtlpRatios {

  private OtlpRatios() {}

  private static List<RawProfile> batch() throws Exception {
    return List.of(
        RawProfile.of(LabelSet.of(LabelSet.NAME, "memory", "job", "shop"), Inputs.heap(0)));
  }

  /** Converting a gzip'd profile, compared with inflating it. */
  public static final class Conversion implements Ratio {

    @Override
    public String name() {
      return "otlp-conversion-vs-inflate";
    }

    @Override
    public double goal() {
      return 3;
    }

    @Override
    public Measurement measure() throws Exception {
      List<RawProfile> batch = batch();
      byte[] body = batch.get(0).pprof();
      byte[] out = new byte[Inputs.inflate(body).length];
      Stopwatch.Comparison comparison =
          Stopwatch.compare(
              () -> OtlpProfileSink.encode(batch),
              () -> {
                Inflater inflater = new Inflater(true);
                try {
                  inflater.setInput(body, 10, body.length - 18);
                  return inflater.inflate(out);
                } finally {
                  inflater.end();
                }
              });
      return new Measurement.Measured(
          comparison.ratio(),
          comparison.describe("convert", "inflate") + ", " + out.length + " bytes inflated");
    }
  }

  /** The bytes of a compressed request, compared with those of the gzip'd profile. */
  public static final class Bytes implements Ratio {

    @Override
    public String name() {
      return "otlp-bytes-vs-pprof";
    }

    @Override
    public double goal() {
      return 1.5;
    }

    @Override
    public Measurement measure() throws Exception {
      List<RawProfile> batch = batch();
      byte[] request = OtlpProfileSink.encode(batch);
      ByteArrayOutputStream compressed = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
        gzip.write(request);
      }
      int pprof = batch.get(0).pprof().length;
      return new Measurement.Measured(
          (double) compressed.size() / pprof,
          compressed.size()
              + " bytes gzip'd ("
              + request.length
              + " bare), pprof "
              + pprof
              + " bytes gzip'd");
    }
  }
}
