package dev.psc.pprof.report;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.SampleType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A table of the values of each function: flat, in its own code, and cumulative, with its callees.
 * A function that calls itself counts once per stack. Functions are the same when their names and
 * files are; code without symbols goes by its address. Immutable.
 */
public final class Top {

  /** The order of rows; equal rows are sorted by name. */
  public enum Order {
    /** The largest flat value first. */
    FLAT,
    /** The largest cumulative value first. */
    CUMULATIVE,
    /** By name. */
    NAME
  }

  /**
   * One function.
   *
   * @param function its name
   * @param file its source file, or the binary's for code without symbols; may be empty
   * @param flat the sum of the samples whose innermost frame it is
   * @param cumulative the sum of the samples that it is anywhere in
   */
  public record Row(String function, String file, long flat, long cumulative) {}

  private static final int PRINTED_ROWS = 30;

  private final SampleType sampleType;
  private final long total;
  private final List<Row> rows;

  private Top(SampleType sampleType, long total, List<Row> rows) {
    this.sampleType = sampleType;
    this.total = total;
    this.rows = List.copyOf(rows);
  }

  /**
   * Returns the table of a profile.
   *
   * @param profile the profile
   * @param sampleType the position of a sample type, e.g. {@link Profile#defaultSampleTypeIndex()}
   * @throws IndexOutOfBoundsException if the profile has no such sample type
   */
  public static Top of(Profile profile, int sampleType) {
    Objects.checkIndex(sampleType, profile.sampleTypes().size());
    CallTree tree = CallTree.of(profile);
    long[] flat = tree.flatByFrame();
    long[] cumulative = tree.cumulativeByFrame();
    List<Row> rows = new ArrayList<>();
    for (int frame = 1; frame < tree.frameCount(); frame++) {
      int at = frame * tree.types() + sampleType;
      if (flat[at] != 0 || cumulative[at] != 0) {
        CallTree.Function function = tree.frame(frame);
        rows.add(new Row(function.name(), function.filename(), flat[at], cumulative[at]));
      }
    }
    return new Top(profile.sampleTypes().get(sampleType), tree.total(0, sampleType), rows);
  }

  /** Returns the type of the values. */
  public SampleType sampleType() {
    return sampleType;
  }

  /** Returns the sum of all samples. */
  public long total() {
    return total;
  }

  /** Returns the functions that have a value other than 0. */
  public List<Row> rows(Order order) {
    Comparator<Row> byName = Comparator.comparing(Row::function).thenComparing(Row::file);
    List<Row> sorted = new ArrayList<>(rows);
    sorted.sort(
        switch (order) {
          case FLAT ->
              largest(Row::flat).thenComparing(largest(Row::cumulative)).thenComparing(byName);
          case CUMULATIVE ->
              largest(Row::cumulative).thenComparing(largest(Row::flat)).thenComparing(byName);
          case NAME -> byName;
        });
    return List.copyOf(sorted);
  }

  /** Sorts by absolute size, so that both ends of a difference come first. */
  private static Comparator<Row> largest(java.util.function.ToLongFunction<Row> value) {
    return Comparator.comparingDouble((Row row) -> Math.abs((double) value.applyAsLong(row)))
        .reversed();
  }

  /** Returns a table of the functions with the largest flat values, at most 30, for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(256);
    String unit = Text.shortened(sampleType.unit());
    text.append(Text.shortened(sampleType.type())).append('/').append(unit);
    text.append(", total ").append(Quantity.format(total, unit)).append('\n');
    text.append(
        String.format(
            Locale.ROOT, "%12s %7s %12s %7s  %s%n", "flat", "", "cumulative", "", "function"));
    List<Row> sorted = rows(Order.FLAT);
    for (Row row : sorted.subList(0, Math.min(PRINTED_ROWS, sorted.size()))) {
      text.append(
          String.format(
              Locale.ROOT,
              "%12s %7s %12s %7s  %s%n",
              Quantity.format(row.flat(), unit),
              Quantity.percent(row.flat(), total),
              Quantity.format(row.cumulative(), unit),
              Quantity.percent(row.cumulative(), total),
              Text.shortened(row.function())));
    }
    return text.toString();
  }
}
