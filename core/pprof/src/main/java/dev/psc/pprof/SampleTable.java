package dev.psc.pprof;

import dev.psc.pprof.internal.wire.ArrayGrowth;
import dev.psc.pprof.internal.wire.IdTable;
import dev.psc.pprof.internal.wire.SaturatingMath;
import dev.psc.pprof.internal.wire.WireWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Stacks, label sets and the samples that join them, each kept once, in primitive arrays. Not
 * thread-safe.
 */
final class SampleTable {

  /** One label of a set: indices into the string table, and the number. */
  record Entry(int key, int text, long number, int unit) {}

  private final IdTable stackIds = new IdTable(128);
  private int[] stackEnds = new int[128];
  private int[] stackLocations = new int[1024];

  private final IdTable labelSetIds = new IdTable(16);
  private final List<List<Entry>> labelSets = new ArrayList<>();

  private final IdTable sampleIds = new IdTable(128);
  private int[] sampleStacks = new int[128];
  private int[] sampleLabelSets = new int[128];
  private long[] values = new long[128];

  private final SymbolTable symbols;

  SampleTable(SymbolTable symbols) {
    this.symbols = symbols;
    labelSet(List.of());
  }

  int stackCount() {
    return stackIds.size();
  }

  int labelSetCount() {
    return labelSets.size();
  }

  int sampleCount() {
    return sampleIds.size();
  }

  private int firstLocation(int stack) {
    return stack == 0 ? 0 : stackEnds[stack - 1];
  }

  int stack(int[] locations, int from, int count) {
    int hash = IdTable.start();
    for (int i = from; i < from + count; i++) {
      hash = IdTable.mix(hash, locations[i]);
    }
    for (int slot = stackIds.first(hash); stackIds.idAt(slot) >= 0; slot = stackIds.next(slot)) {
      int id = stackIds.idAt(slot);
      if (stackIds.hashAt(id) == hash
          && Arrays.equals(
              stackLocations, firstLocation(id), stackEnds[id], locations, from, from + count)) {
        return id;
      }
    }
    for (int i = from; i < from + count; i++) {
      if (locations[i] < 1 || locations[i] > symbols.locationCount()) {
        throw new IllegalArgumentException(
            "location " + locations[i] + " is unknown: there are " + symbols.locationCount());
      }
    }
    int id = stackIds.add(hash);
    int start = firstLocation(id);
    stackLocations = ArrayGrowth.ints(stackLocations, (long) start + count);
    System.arraycopy(locations, from, stackLocations, start, count);
    stackEnds = ArrayGrowth.ints(stackEnds, id + 1);
    stackEnds[id] = start + count;
    return id;
  }

  List<Entry> labels(int labelSet) {
    return labelSets.get(labelSet);
  }

  /** Returns the id of the labels, whatever their order; the empty set is 0. */
  int labelSet(List<Entry> labels) {
    List<Entry> sorted = labels;
    if (labels.size() > 1) {
      sorted = new ArrayList<>(labels);
      sorted.sort(
          Comparator.comparing((Entry entry) -> symbols.text(entry.key()))
              .thenComparing(entry -> symbols.text(entry.text()))
              .thenComparingLong(Entry::number)
              .thenComparing(entry -> symbols.text(entry.unit())));
    }
    int hash = IdTable.start();
    for (Entry entry : sorted) {
      hash = IdTable.mix(IdTable.mix(hash, entry.key()), entry.text());
      hash = IdTable.mixLong(IdTable.mix(hash, entry.unit()), entry.number());
    }
    for (int slot = labelSetIds.first(hash);
        labelSetIds.idAt(slot) >= 0;
        slot = labelSetIds.next(slot)) {
      int id = labelSetIds.idAt(slot);
      if (labelSets.get(id).equals(sorted)) {
        return id;
      }
    }
    labelSets.add(List.copyOf(sorted));
    return labelSetIds.add(hash);
  }

  /** Adds values to the sample of a stack and a label set. */
  void add(int stack, int labelSet, long[] added) {
    int hash = IdTable.mix(IdTable.mix(IdTable.start(), stack), labelSet);
    for (int slot = sampleIds.first(hash); sampleIds.idAt(slot) >= 0; slot = sampleIds.next(slot)) {
      int id = sampleIds.idAt(slot);
      if (sampleStacks[id] == stack && sampleLabelSets[id] == labelSet) {
        int at = id * added.length;
        for (int i = 0; i < added.length; i++) {
          values[at + i] = SaturatingMath.sum(values[at + i], added[i]);
        }
        return;
      }
    }
    int id = sampleIds.add(hash);
    sampleStacks = ArrayGrowth.ints(sampleStacks, id + 1);
    sampleLabelSets = ArrayGrowth.ints(sampleLabelSets, id + 1);
    values = ArrayGrowth.longs(values, (id + 1L) * added.length);
    sampleStacks[id] = stack;
    sampleLabelSets[id] = labelSet;
    System.arraycopy(added, 0, values, id * added.length, added.length);
  }

  /** Writes the samples that have a value other than 0. */
  void write(WireWriter out, int columns) {
    for (int id = 0; id < sampleIds.size(); id++) {
      int valueBytes = 0;
      boolean zero = true;
      for (int i = id * columns; i < (id + 1) * columns; i++) {
        zero &= values[i] == 0;
        valueBytes += WireWriter.sizeOf(values[i]);
      }
      if (!zero) {
        write(out, id, columns, valueBytes);
      }
    }
  }

  private void write(WireWriter out, int sample, int columns, int valueBytes) {
    int stack = sampleStacks[sample];
    int locationBytes = 0;
    for (int i = firstLocation(stack); i < stackEnds[stack]; i++) {
      locationBytes += WireWriter.sizeOf(stackLocations[i]);
    }
    List<Entry> labels = labelSets.get(sampleLabelSets[sample]);
    int labelBytes = 0;
    for (int i = 0; i < labels.size(); i++) {
      int size = labelSize(labels.get(i));
      labelBytes += 1 + WireWriter.sizeOf(size) + size;
    }
    out.head(2, packedSize(locationBytes) + packedSize(valueBytes) + labelBytes);
    if (locationBytes > 0) {
      out.head(1, locationBytes);
      for (int i = firstLocation(stack); i < stackEnds[stack]; i++) {
        out.varint(stackLocations[i]);
      }
    }
    out.head(2, valueBytes);
    for (int i = sample * columns; i < (sample + 1) * columns; i++) {
      out.varint(values[i]);
    }
    for (int i = 0; i < labels.size(); i++) {
      Entry label = labels.get(i);
      out.head(3, labelSize(label));
      out.number(1, label.key());
      out.number(2, label.text());
      out.number(3, label.number());
      out.number(4, label.unit());
    }
  }

  private static int packedSize(int bytes) {
    return bytes == 0 ? 0 : 1 + WireWriter.sizeOf(bytes) + bytes;
  }

  private static int labelSize(Entry label) {
    return WireWriter.numberSize(label.key())
        + WireWriter.numberSize(label.text())
        + WireWriter.numberSize(label.number())
        + WireWriter.numberSize(label.unit());
  }
}
