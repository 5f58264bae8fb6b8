package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A profile that is being converted: samples with stacks of addresses. Texts are Latin-1 characters
 * that stand for bytes. Not thread-safe.
 */
final class Draft {

  /** The deepest stack; Go's converter reads deeper ones in binary profiles only. */
  static final int MAX_DEPTH = 16 << 10;

  /** Limits the comparisons of addresses with mappings, to about a second. */
  private static final long MAX_COMPARISONS = 1L << 30;

  /** The memory of a conversion is a multiple of its body, which profiles in protobuf need not. */
  private static final int PART_OF_LIMIT = 8;

  /** One of so many samples may lack the signal handler's frame. */
  private static final int SIMILAR_SAMPLES = 32;

  /** Where the program is mapped by convention. */
  private static final long EXPECTED_START = 0x400000;

  /** An address that occurs in stacks, with its function if the profile names it. */
  static final class Address {
    long address;
    long line;
    @Nullable Function function;
    @Nullable MemoryMapping mapping;

    /** Its position among the addresses of samples, from 1. */
    int id;

    Address(long address) {
      this.address = address;
    }
  }

  /** A function that the profile names. */
  static final class Function {
    final String name;
    final String file;
    int id;

    Function(String name, String file) {
      this.name = name;
      this.file = file;
    }
  }

  /** A sample, its leaf first. */
  static final class Sample {
    final long[] values;
    final long blockBytes;
    Address[] stack;

    Sample(Address[] stack, long[] values, long blockBytes) {
      this.stack = stack;
      this.values = values;
      this.blockBytes = blockBytes;
    }

    private void removeSecond() {
      Address[] shorter = new Address[stack.length - 1];
      shorter[0] = stack[0];
      System.arraycopy(stack, 2, shorter, 1, stack.length - 2);
      stack = shorter;
    }
  }

  private final PprofLimits limits;
  private final List<SampleType> types = new ArrayList<>();
  private SampleType periodType = new SampleType("", "");
  private long period;
  private long durationNanos;
  private boolean hasBlockBytes;
  private final List<Sample> samples = new ArrayList<>();
  private final Map<Long, Address> addresses = new HashMap<>();
  private final Map<String, Function> functions = new HashMap<>();
  private List<MemoryMapping> mappings = List.of();
  private List<Address> locations = List.of();

  /**
   * @param bytes the size of the body
   * @throws PprofException if it is too large to be converted
   */
  Draft(long bytes, PprofLimits limits) throws PprofException {
    this.limits = limits;
    if (bytes > limits.inflatedBytes() / PART_OF_LIMIT) {
      throw tooLarge(
          "a profile of "
              + bytes
              + " bytes in a legacy format is not converted: an eighth of the limit of "
              + limits.inflatedBytes()
              + " bytes for a profile is allowed");
    }
  }

  private static PprofException tooLarge(String message) {
    return new PprofException(PprofException.TOO_LARGE, "byte 0", message);
  }

  Draft type(String type, String unit) {
    types.add(new SampleType(type, unit));
    return this;
  }

  Draft period(String type, String unit, long period) {
    periodType = new SampleType(type, unit);
    this.period = period;
    return this;
  }

  long period() {
    return period;
  }

  void period(long period) {
    this.period = period;
  }

  void durationNanos(long nanos) {
    durationNanos = nanos;
  }

  /** Gives samples the size of their blocks as a label. */
  void withBlockBytes() {
    hasBlockBytes = true;
  }

  int sampleCount() {
    return samples.size();
  }

  /** Moves return addresses, of all frames or all but the leaf, into their call instructions. */
  static void toCalls(long[] stack, boolean leafIsCall) {
    for (int i = leafIsCall ? 0 : 1; i < stack.length; i++) {
      stack[i]--;
    }
  }

  /**
   * Adds a sample.
   *
   * @param stack addresses, the leaf first
   * @param blockBytes the value of the label, if samples have it
   */
  void sample(long[] stack, long blockBytes, long... values) throws PprofException {
    if (stack.length > MAX_DEPTH) {
      throw tooLarge(
          "a stack has " + stack.length + " frames, of which " + MAX_DEPTH + " are allowed");
    }
    Address[] frames = new Address[stack.length];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = addresses.computeIfAbsent(stack[i], Address::new);
    }
    samples.add(new Sample(frames, values, blockBytes));
  }

  /** Counts the last sample once more. */
  void repeatSample() {
    if (!samples.isEmpty()) {
      samples.get(samples.size() - 1).values[0]++;
    }
  }

  /** Names the function of an address, if a sample has it. */
  void name(long address, String function, String file, long line) {
    Address named = addresses.get(address);
    if (named != null) {
      named.function = functions.computeIfAbsent(function, name -> new Function(name, file));
      named.line = line;
      named.address = 0;
    }
  }

  /**
   * Removes the frame above the leaf, at most twice, if almost all samples have the same there: it
   * is that of the signal handler.
   */
  void withoutSignalHandler() {
    int margin = samples.size() / SIMILAR_SAMPLES;
    for (int i = 0; i < 2; i++) {
      Map<Address, Integer> counts = new HashMap<>();
      for (Sample sample : samples) {
        if (sample.stack.length > 1) {
          counts.merge(sample.stack[1], 1, Integer::sum);
        }
      }
      counts.values().removeIf(count -> count < samples.size() - margin);
      for (Sample sample : samples) {
        if (sample.stack.length > 1 && counts.containsKey(sample.stack[1])) {
          sample.removeSecond();
        }
      }
    }
  }

  /** Removes the second of two frames if it is the leaf's address again, as that of a call. */
  void withoutRepeatedLeaves() {
    for (Sample sample : samples) {
      if (sample.stack.length > 1 && sample.stack[0].address == sample.stack[1].address + 1) {
        sample.removeSecond();
      }
    }
  }

  /** Removes all addresses, which mean nothing in another process. */
  void withoutAddresses() {
    for (Address address : addresses.values()) {
      address.address = 0;
    }
  }

  /** Assigns addresses to the mappings of the process. */
  void map(List<MemoryMapping> memoryMap) throws PprofException {
    mappings = memoryMap;
    List<Address> used = used();
    locations = used;
    if ((long) used.size() * mappings.size() > MAX_COMPARISONS) {
      throw tooLarge(
          "the profile has "
              + used.size()
              + " addresses and "
              + mappings.size()
              + " mappings, too many to assign them to each other");
    }
    if (mappings.size() > 1
        && mappings.get(0).file.startsWith("/anon_hugepage")
        && mappings.get(0).limit == mappings.get(1).start) {
      mappings.remove(0);
    }
    if (!mappings.isEmpty()) {
      MemoryMapping main = mappings.get(0);
      if (main.start - main.offset == EXPECTED_START) {
        main.start = EXPECTED_START;
        main.offset = 0;
      }
    }
    MemoryMapping rest = null;
    for (Address address : used) {
      if (address.address == 0) {
        continue;
      }
      MemoryMapping mapping = mappingOf(address.address);
      if (mapping == null) {
        if (rest == null) {
          rest = new MemoryMapping(0, -1, 0, "", "");
          mappings.add(rest);
        }
        mapping = rest;
      }
      address.mapping = mapping;
    }
  }

  private @Nullable MemoryMapping mappingOf(long address) {
    for (MemoryMapping mapping : mappings) {
      if (mapping.contains(address)) {
        return mapping;
      }
    }
    for (MemoryMapping mapping : mappings) {
      if (mapping.continues(address)) {
        mapping.start -= mapping.offset;
        mapping.offset = 0;
        return mapping;
      }
    }
    return null;
  }

  /** Returns the addresses that samples have, in the order in which they do, and numbers them. */
  private List<Address> used() {
    List<Address> used = new ArrayList<>();
    addresses.values().forEach(address -> address.id = 0);
    for (Sample sample : samples) {
      for (Address address : sample.stack) {
        if (address.id == 0) {
          used.add(address);
          address.id = used.size();
        }
      }
    }
    return used;
  }

  /**
   * Returns the profile as a bare message.
   *
   * @throws PprofException if it is too large, or lacks the types of its values
   */
  WireWriter write() throws PprofException {
    return new DraftWriter(this, limits).write();
  }

  List<SampleType> types() {
    return types;
  }

  SampleType periodType() {
    return periodType;
  }

  long durationNanos() {
    return durationNanos;
  }

  boolean hasBlockBytes() {
    return hasBlockBytes;
  }

  List<Sample> samples() {
    return samples;
  }

  List<Address> locations() {
    return locations;
  }

  List<MemoryMapping> mappings() {
    return mappings;
  }
}
