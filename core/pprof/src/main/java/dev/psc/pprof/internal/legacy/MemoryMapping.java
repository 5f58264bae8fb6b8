package dev.psc.pprof.internal.legacy;

/** A mapping of a memory map. Addresses are unsigned. */
final class MemoryMapping {

  long start;
  long limit;
  long offset;
  String file;
  String buildId;

  /** Its position among the mappings that are written, from 1. */
  int id;

  MemoryMapping(long start, long limit, long offset, String file, String buildId) {
    this.start = start;
    this.limit = limit;
    this.offset = offset;
    this.file = file;
    this.buildId = buildId;
  }

  boolean contains(long address) {
    return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, limit) < 0;
  }

  /** Returns whether an address is in the part before it that some programs leave out. */
  boolean continues(long address) {
    return offset != 0
        && Long.compareUnsigned(start - offset, address) <= 0
        && Long.compareUnsigned(address, start) < 0;
  }

  /** Returns whether the next one is another part of the same mapping. */
  boolean isContinuedBy(MemoryMapping next) {
    if (!file.isEmpty() && !next.file.isEmpty() && !file.equals(next.file)) {
      return false;
    }
    if (!buildId.isEmpty() && !next.buildId.isEmpty() && !buildId.equals(next.buildId)) {
      return false;
    }
    return limit == next.start
        && (offset == 0 || next.offset == 0 || offset + (limit - start) == next.offset);
  }
}
