package dev.psc.jvm.internal.aggregate;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** A writer of snapshots as text, largest first, for {@code ?debug=1}. */
public final class PprofText {

  private static final int MAX_STACKS = 2_000;

  private PprofText() {}

  public static String of(Snapshot snapshot) {
    ProfileTable table = snapshot.table();
    boolean two = snapshot.profile().sampleTypes().size() > 1;
    long first = 0;
    long second = 0;
    for (int row = 0; row < table.size(); row++) {
      first += table.first(row);
      second += table.second(row);
    }
    StringBuilder text = new StringBuilder(4096);
    text.append(snapshot.profile().path()).append(" profile: total ").append(first);
    if (two) {
      text.append(" [").append(second).append(']');
    }
    text.append("\n# ").append(snapshot.profile().sampleTypes().get(0));
    if (two) {
      text.append(" [").append(snapshot.profile().sampleTypes().get(1)).append(']');
    }
    text.append('\n');
    int[] rows =
        IntStream.range(0, table.size())
            .boxed()
            .sorted(
                Comparator.comparingLong(
                        (Integer row) -> two ? table.second(row) : table.first(row))
                    .reversed())
            .limit(MAX_STACKS)
            .mapToInt(Integer::intValue)
            .toArray();
    for (int row : rows) {
      append(text, snapshot, row, two);
    }
    if (table.size() > rows.length) {
      text.append("\n# and ").append(table.size() - rows.length).append(" more stacks\n");
    }
    return text.toString();
  }

  private static void append(StringBuilder text, Snapshot snapshot, int row, boolean two) {
    ProfileTable table = snapshot.table();
    StackPool stackPool = snapshot.stackPool();
    text.append('\n').append(table.first(row));
    if (two) {
      text.append(" [").append(table.second(row)).append(']');
    }
    List<String> pairs = snapshot.labelPairs(table.labels(row));
    for (int i = 0; i < pairs.size(); i += 2) {
      text.append(' ').append(pairs.get(i)).append('=').append(pairs.get(i + 1));
    }
    text.append('\n');
    int stack = table.stack(row);
    for (int i = 0; i < stackPool.depth(stack); i++) {
      int location = stackPool.frame(stack, i);
      int function = stackPool.functionOf(location);
      text.append("#\t").append(stackPool.name(function));
      if (!stackPool.file(function).isEmpty()) {
        text.append('\t').append(stackPool.file(function));
        if (stackPool.lineOf(location) > 0) {
          text.append(':').append(stackPool.lineOf(location));
        }
      }
      text.append('\n');
    }
  }
}
