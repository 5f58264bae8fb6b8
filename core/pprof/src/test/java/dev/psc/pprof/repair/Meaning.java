package dev.psc.pprof.repair;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import dev.psc.pprof.format.PprofException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** What a profile says, whatever its ids and positions: totals by stack, labels and addresses. */
final class Meaning {

  private Meaning() {}

  static Map<String, String> of(byte[] body) throws PprofException {
    return of(Profile.parse(body), -1);
  }

  static Map<String, String> of(Profile profile, int column) {
    return of(profile, column, name -> name);
  }

  /**
   * Sums per stack with frames, addresses, mappings and labels, whose names may become others; of
   * one column, or -1 for all.
   */
  static Map<String, String> of(Profile profile, int column, UnaryOperator<String> labelNames) {
    Map<String, long[]> sums = new TreeMap<>();
    for (Sample sample : profile.samples()) {
      StringBuilder key = new StringBuilder();
      for (Frame frame : sample.stack()) {
        key.append(frame.function())
            .append('|')
            .append(frame.systemName())
            .append('|')
            .append(frame.file())
            .append('|')
            .append(frame.line())
            .append('|')
            .append(frame.address())
            .append('|')
            .append(frame.inlined())
            .append('|')
            .append(frame.mapping() < 0 ? "" : profile.mappings().get(frame.mapping()))
            .append('\n');
      }
      for (SampleLabel label : sample.labels()) {
        key.append(
            new SampleLabel(
                labelNames.apply(label.key()), label.text(), label.number(), label.unit()));
      }
      long[] sum =
          sums.computeIfAbsent(key.toString(), k -> new long[profile.sampleTypes().size()]);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += sample.value(i);
      }
    }
    Map<String, String> meaning = new TreeMap<>();
    sums.forEach(
        (key, sum) -> {
          if (column < 0) {
            meaning.put(key, Arrays.toString(sum));
          } else if (sum[column] != 0) {
            meaning.put(key, "[" + sum[column] + "]");
          }
        });
    return meaning;
  }
}
