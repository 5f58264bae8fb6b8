package dev.psc.pprof;

import dev.psc.pprof.internal.wire.ArrayGrowth;
import dev.psc.pprof.internal.wire.IdTable;
import dev.psc.pprof.internal.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Strings, mappings, functions and locations of a profile that is being written: each kept once, in
 * primitive arrays, under ids that count from 1 as the format's tables do. Not thread-safe.
 */
final class SymbolTable {

  private static final int MAPPING_LONGS = 3;
  private static final int FUNCTION_INTS = 3;

  private final IdTable stringIds = new IdTable(256);
  private String[] strings = new String[256];

  private final IdTable mappingIds = new IdTable(16);
  private long[] mappingRanges = new long[MAPPING_LONGS * 4];
  private int[] mappingTexts = new int[2 * 4];
  private int[] mappingFlags = new int[4];

  private final IdTable functionIds = new IdTable(128);
  private int[] functionTexts = new int[FUNCTION_INTS * 128];
  private long[] functionLines = new long[128];

  private final IdTable locationIds = new IdTable(128);
  private int[] locationMappings = new int[128];
  private long[] locationAddresses = new long[128];
  private int[] locationFolded = new int[128];
  private int[] locationLineEnds = new int[128];
  private int[] lineFunctions = new int[128];
  private long[] lineNumbers = new long[128];
  private long[] lineColumns = new long[128];
  private int lineCount;

  SymbolTable() {
    string("");
  }

  int string(String text) {
    int hash = IdTable.mix(IdTable.start(), text.hashCode());
    for (int slot = stringIds.first(hash); stringIds.idAt(slot) >= 0; slot = stringIds.next(slot)) {
      int id = stringIds.idAt(slot);
      if (stringIds.hashAt(id) == hash && strings[id].equals(text)) {
        return id;
      }
    }
    int id = stringIds.add(hash);
    if (id == strings.length) {
      strings = Arrays.copyOf(strings, ArrayGrowth.capacity(id, id + 1));
    }
    strings[id] = text;
    return id;
  }

  String text(int string) {
    return strings[string];
  }

  int mappingCount() {
    return mappingIds.size();
  }

  int functionCount() {
    return functionIds.size();
  }

  int locationCount() {
    return locationIds.size();
  }

  int mapping(long start, long limit, long offset, int filename, int buildId, int flags) {
    int hash = IdTable.mixLong(IdTable.start(), start);
    hash = IdTable.mixLong(IdTable.mixLong(hash, limit), offset);
    hash = IdTable.mix(IdTable.mix(hash, filename), buildId);
    for (int slot = mappingIds.first(hash);
        mappingIds.idAt(slot) >= 0;
        slot = mappingIds.next(slot)) {
      int id = mappingIds.idAt(slot);
      if (mappingRanges[MAPPING_LONGS * id] == start
          && mappingRanges[MAPPING_LONGS * id + 1] == limit
          && mappingRanges[MAPPING_LONGS * id + 2] == offset
          && mappingTexts[2 * id] == filename
          && mappingTexts[2 * id + 1] == buildId) {
        // A claim to be symbolized holds for the result only if both profiles make it.
        mappingFlags[id] &= flags;
        return id + 1;
      }
    }
    int id = mappingIds.add(hash);
    mappingRanges = ArrayGrowth.longs(mappingRanges, (long) MAPPING_LONGS * (id + 1));
    mappingTexts = ArrayGrowth.ints(mappingTexts, 2L * (id + 1));
    mappingFlags = ArrayGrowth.ints(mappingFlags, id + 1);
    mappingRanges[MAPPING_LONGS * id] = start;
    mappingRanges[MAPPING_LONGS * id + 1] = limit;
    mappingRanges[MAPPING_LONGS * id + 2] = offset;
    mappingTexts[2 * id] = filename;
    mappingTexts[2 * id + 1] = buildId;
    mappingFlags[id] = flags;
    return id + 1;
  }

  int function(int name, int systemName, int filename, long startLine) {
    int hash = IdTable.mix(IdTable.mix(IdTable.start(), name), systemName);
    hash = IdTable.mixLong(IdTable.mix(hash, filename), startLine);
    for (int slot = functionIds.first(hash);
        functionIds.idAt(slot) >= 0;
        slot = functionIds.next(slot)) {
      int id = functionIds.idAt(slot);
      int at = FUNCTION_INTS * id;
      if (functionTexts[at] == name
          && functionTexts[at + 1] == systemName
          && functionTexts[at + 2] == filename
          && functionLines[id] == startLine) {
        return id + 1;
      }
    }
    int id = functionIds.add(hash);
    functionTexts = ArrayGrowth.ints(functionTexts, (long) FUNCTION_INTS * (id + 1));
    functionLines = ArrayGrowth.longs(functionLines, id + 1);
    functionTexts[FUNCTION_INTS * id] = name;
    functionTexts[FUNCTION_INTS * id + 1] = systemName;
    functionTexts[FUNCTION_INTS * id + 2] = filename;
    functionLines[id] = startLine;
    return id + 1;
  }

  /** Adds a line to the location that {@link #endLocation} will look up, innermost first. */
  void line(int at, int function, long line, long column) {
    int index = lineCount + at;
    lineFunctions = ArrayGrowth.ints(lineFunctions, index + 1);
    lineNumbers = ArrayGrowth.longs(lineNumbers, index + 1);
    lineColumns = ArrayGrowth.longs(lineColumns, index + 1);
    lineFunctions[index] = function;
    lineNumbers[index] = line;
    lineColumns[index] = column;
  }

  /** Returns the id of the location with the lines that were set before. */
  int endLocation(int mapping, long address, boolean folded, int lines) {
    int foldedFlag = folded ? 1 : 0;
    int hash = IdTable.mix(IdTable.mixLong(IdTable.start(), address), mapping * 2 + foldedFlag);
    for (int i = lineCount; i < lineCount + lines; i++) {
      hash = IdTable.mixLong(IdTable.mix(hash, lineFunctions[i]), lineNumbers[i]);
      hash = IdTable.mixLong(hash, lineColumns[i]);
    }
    for (int slot = locationIds.first(hash);
        locationIds.idAt(slot) >= 0;
        slot = locationIds.next(slot)) {
      int id = locationIds.idAt(slot);
      if (locationIds.hashAt(id) == hash
          && locationMappings[id] == mapping
          && locationAddresses[id] == address
          && locationFolded[id] == foldedFlag
          && sameLines(id, lines)) {
        return id + 1;
      }
    }
    int id = locationIds.add(hash);
    locationMappings = ArrayGrowth.ints(locationMappings, id + 1);
    locationAddresses = ArrayGrowth.longs(locationAddresses, id + 1);
    locationFolded = ArrayGrowth.ints(locationFolded, id + 1);
    locationLineEnds = ArrayGrowth.ints(locationLineEnds, id + 1);
    lineCount += lines;
    locationMappings[id] = mapping;
    locationAddresses[id] = address;
    locationFolded[id] = foldedFlag;
    locationLineEnds[id] = lineCount;
    return id + 1;
  }

  private boolean sameLines(int location, int lines) {
    int from = firstLine(location);
    return locationLineEnds[location] - from == lines
        && Arrays.equals(
            lineFunctions, from, from + lines, lineFunctions, lineCount, lineCount + lines)
        && Arrays.equals(lineNumbers, from, from + lines, lineNumbers, lineCount, lineCount + lines)
        && Arrays.equals(
            lineColumns, from, from + lines, lineColumns, lineCount, lineCount + lines);
  }

  private int firstLine(int location) {
    return location == 0 ? 0 : locationLineEnds[location - 1];
  }

  void writeMappings(WireWriter out) {
    for (int id = 0; id < mappingIds.size(); id++) {
      long start = mappingRanges[MAPPING_LONGS * id];
      long limit = mappingRanges[MAPPING_LONGS * id + 1];
      long offset = mappingRanges[MAPPING_LONGS * id + 2];
      int flags = mappingFlags[id];
      out.head(
          3,
          WireWriter.numberSize(id + 1)
              + WireWriter.numberSize(start)
              + WireWriter.numberSize(limit)
              + WireWriter.numberSize(offset)
              + WireWriter.numberSize(mappingTexts[2 * id])
              + WireWriter.numberSize(mappingTexts[2 * id + 1])
              + 2 * Integer.bitCount(flags));
      out.number(1, id + 1);
      out.number(2, start);
      out.number(3, limit);
      out.number(4, offset);
      out.number(5, mappingTexts[2 * id]);
      out.number(6, mappingTexts[2 * id + 1]);
      for (int flag = 0; flag < 4; flag++) {
        out.number(7 + flag, (flags >>> flag) & 1);
      }
    }
  }

  void writeLocations(WireWriter out) {
    for (int id = 0; id < locationIds.size(); id++) {
      int lineBytes = 0;
      for (int i = firstLine(id); i < locationLineEnds[id]; i++) {
        int size = lineSize(i);
        lineBytes += 1 + WireWriter.sizeOf(size) + size;
      }
      out.head(
          4,
          WireWriter.numberSize(id + 1)
              + WireWriter.numberSize(locationMappings[id])
              + WireWriter.numberSize(locationAddresses[id])
              + lineBytes
              + WireWriter.numberSize(locationFolded[id]));
      out.number(1, id + 1);
      out.number(2, locationMappings[id]);
      out.number(3, locationAddresses[id]);
      for (int i = firstLine(id); i < locationLineEnds[id]; i++) {
        out.head(4, lineSize(i));
        out.number(1, lineFunctions[i]);
        out.number(2, lineNumbers[i]);
        out.number(3, lineColumns[i]);
      }
      out.number(5, locationFolded[id]);
    }
  }

  private int lineSize(int line) {
    return WireWriter.numberSize(lineFunctions[line])
        + WireWriter.numberSize(lineNumbers[line])
        + WireWriter.numberSize(lineColumns[line]);
  }

  void writeFunctions(WireWriter out) {
    for (int id = 0; id < functionIds.size(); id++) {
      int at = FUNCTION_INTS * id;
      out.head(
          5,
          WireWriter.numberSize(id + 1)
              + WireWriter.numberSize(functionTexts[at])
              + WireWriter.numberSize(functionTexts[at + 1])
              + WireWriter.numberSize(functionTexts[at + 2])
              + WireWriter.numberSize(functionLines[id]));
      out.number(1, id + 1);
      out.number(2, functionTexts[at]);
      out.number(3, functionTexts[at + 1]);
      out.number(4, functionTexts[at + 2]);
      out.number(5, functionLines[id]);
    }
  }

  void writeStrings(WireWriter out) {
    for (int id = 0; id < stringIds.size(); id++) {
      byte[] text = strings[id].getBytes(StandardCharsets.UTF_8);
      out.bytes(6, text, 0, text.length);
    }
  }
}
