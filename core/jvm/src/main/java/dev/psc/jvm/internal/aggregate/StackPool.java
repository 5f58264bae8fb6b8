package dev.psc.jvm.internal.aggregate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * A bounded pool of functions, locations and stacks by number. Tables only grow: a reader that
 * obtained a stack's number under the writer's lock can resolve it later without the lock. When a
 * table is full, new stacks become {@link #OTHER_STACK}, so that totals stay exact. Written by one
 * thread at a time.
 */
public final class StackPool {

  /** The stack {@code [other]} of samples that do not fit. */
  static final int OTHER_STACK = 0;

  /** Flag of a function whose threads wait for work when it is on the stack. */
  static final int IDLE = 1;

  /** Flag of a function of the profiler that waits on a thread of the application. */
  static final int OWN = 2;

  /** The limit on all names together; enough for 100,000 functions in a heap of 256 MB. */
  private static final long MOST_CHARACTERS = Runtime.getRuntime().maxMemory() / 16;

  private final Limits limits;
  private final Map<String, Integer> functionIds = new HashMap<>();
  private volatile String[] names = new String[256];
  private volatile String[] files = new String[256];
  private int[] functionFlags = new int[256];
  private int functions;
  private long characters;
  private final LongTable locations = new LongTable(512);

  private volatile int[] frames = new int[4096];
  private int frameCount;
  private volatile int[] ends = new int[256];
  private int[] hashes = new int[256];
  private int[] stackFlags = new int[256];
  private int[] slots = new int[1024];
  private int stacks;
  private boolean full;

  /**
   * The limits of a stack pool.
   *
   * @param functions the maximum number of distinct functions
   * @param stacks the maximum number of distinct stacks
   * @param frames the maximum number of frames of all stacks together
   */
  public record Limits(int functions, int stacks, int frames) {
    public static final Limits DEFAULT = new Limits(65_536, 49_152, 2_097_152);
  }

  public StackPool(Limits limits) {
    this.limits = limits;
    int other = stack(new int[] {location(function(PseudoFrames.OTHER, ""), 0)}, 1);
    assert other == OTHER_STACK;
  }

  /** Returns the number of a function; {@code [other]} if the table is full. */
  public int function(String name, String file) {
    Integer known = functionIds.get(name);
    if (known != null) {
      return known;
    }
    characters += name.length() + file.length();
    if (functions >= limits.functions || characters > MOST_CHARACTERS) {
      full = true;
      return 0;
    }
    if (functions == names.length) {
      names = Arrays.copyOf(names, functions * 2);
      files = Arrays.copyOf(files, functions * 2);
      functionFlags = Arrays.copyOf(functionFlags, functions * 2);
    }
    names[functions] = name;
    files[functions] = file;
    functionFlags[functions] = IdleMethods.flags(name);
    functionIds.put(name, functions);
    return functions++;
  }

  /**
   * Returns the number of a method.
   *
   * @param type the shown name of its class, empty where it has none
   * @param name its name
   * @param file the file of its class
   */
  public int method(String type, String name, String file) {
    String method = FrameNames.stable(name);
    return function(type.isEmpty() ? method : type + "." + method, file);
  }

  /** Returns the number of a line of a function; 0 is "no line". */
  public int location(int function, int line) {
    return locations.add(((long) function << 32) | (line < 0 ? 0 : line));
  }

  /**
   * Returns the number of a stack.
   *
   * @param stack locations, leaf first; copied
   * @param length the number of locations
   */
  public int stack(int[] stack, int length) {
    int hash = length;
    for (int i = 0; i < length; i++) {
      hash = hash * 31 + stack[i];
    }
    hash *= 0x9E3779B9;
    int mask = slots.length - 1;
    int at = (hash ^ (hash >>> 16)) & mask;
    while (slots[at] != 0) {
      int id = slots[at] - 1;
      if (hashes[id] == hash && equal(id, stack, length)) {
        return id;
      }
      at = (at + 1) & mask;
    }
    if (stacks >= limits.stacks || frameCount + length > limits.frames) {
      full = true;
      return OTHER_STACK;
    }
    return append(stack, length, hash, at);
  }

  private int append(int[] stack, int length, int hash, int slot) {
    if (frameCount + length > frames.length) {
      frames = Arrays.copyOf(frames, Math.max(frames.length * 2, frameCount + length));
    }
    if (stacks == ends.length) {
      ends = Arrays.copyOf(ends, stacks * 2);
      hashes = Arrays.copyOf(hashes, stacks * 2);
      stackFlags = Arrays.copyOf(stackFlags, stacks * 2);
    }
    System.arraycopy(stack, 0, frames, frameCount, length);
    frameCount += length;
    int flags = 0;
    for (int i = 0; i < length; i++) {
      flags |= functionFlags[functionOf(stack[i])];
    }
    ends[stacks] = frameCount;
    hashes[stacks] = hash;
    stackFlags[stacks] = flags;
    slots[slot] = ++stacks;
    if (stacks * 2 > slots.length) {
      rehash();
    }
    return stacks - 1;
  }

  private void rehash() {
    int[] bigger = new int[slots.length * 2];
    int mask = bigger.length - 1;
    for (int id = 0; id < stacks; id++) {
      int at = (hashes[id] ^ (hashes[id] >>> 16)) & mask;
      while (bigger[at] != 0) {
        at = (at + 1) & mask;
      }
      bigger[at] = id + 1;
    }
    slots = bigger;
  }

  private boolean equal(int id, int[] stack, int length) {
    int start = id == 0 ? 0 : ends[id - 1];
    return Arrays.equals(frames, start, ends[id], stack, 0, length);
  }

  /** Returns the stack of one frame without file and line: a pseudo-frame in brackets. */
  public int stackOf(String... pseudoFrames) {
    int[] stack = new int[pseudoFrames.length];
    for (int i = 0; i < stack.length; i++) {
      stack[i] = location(function(pseudoFrames[i], ""), 0);
    }
    return stack(stack, stack.length);
  }

  /** Returns the stack with one more leaf, a pseudo-frame. */
  public int withLeaf(int stack, String leaf) {
    return withLeaf(stack, 0, leaf);
  }

  /** Returns the stack with a pseudo-frame in place of its first frames. */
  public int withLeaf(int stack, int replaced, String leaf) {
    int location = location(function(leaf, ""), 0);
    int depth = depth(stack) - replaced;
    int[] other = new int[depth + 1];
    other[0] = location;
    for (int i = 0; i < depth; i++) {
      other[i + 1] = frame(stack, i + replaced);
    }
    return stack(other, other.length);
  }

  public boolean isIdle(int stack) {
    return (stackFlags[stack] & IDLE) != 0;
  }

  /** Returns whether the leaf of a stack is a function. */
  public boolean leafIs(int stack, String function) {
    return depth(stack) > 0 && names[functionOf(frame(stack, 0))].equals(function);
  }

  /** Returns whether it is that of a request for a profile, on a thread of the application. */
  public boolean isOwn(int stack) {
    return (stackFlags[stack] & OWN) != 0;
  }

  public int depth(int stack) {
    return ends[stack] - (stack == 0 ? 0 : ends[stack - 1]);
  }

  /** Returns a location of a stack; 0 is the leaf. */
  public int frame(int stack, int index) {
    return frames[(stack == 0 ? 0 : ends[stack - 1]) + index];
  }

  /** Copies all locations of a stack, leaf first. */
  void frames(int stack, int[] into) {
    int[] all = ends;
    int start = stack == 0 ? 0 : all[stack - 1];
    System.arraycopy(frames, start, into, 0, all[stack] - start);
  }

  public int functionOf(int location) {
    return (int) (locations.key(location) >>> 32);
  }

  int lineOf(int location) {
    return (int) locations.key(location);
  }

  public String name(int function) {
    return names[function];
  }

  String file(int function) {
    return files[function];
  }

  public int stackCount() {
    return stacks;
  }

  int locationCount() {
    return locations.size();
  }

  int functionCount() {
    return functions;
  }

  /** Returns whether something has not fitted since the pool was created. */
  public boolean isFull() {
    return full;
  }

  /**
   * Returns a pool with only the stacks in use.
   *
   * @param used numbers of the stacks to keep
   * @param renumbered filled with the new number of each, and 0 for the rest
   */
  StackPool compact(BitSet used, int[] renumbered) {
    StackPool compact = new StackPool(limits);
    int[] stack = new int[64];
    for (int id = used.nextSetBit(0); id >= 0; id = used.nextSetBit(id + 1)) {
      int depth = depth(id);
      if (depth > stack.length) {
        stack = new int[depth * 2];
      }
      for (int i = 0; i < depth; i++) {
        int location = frame(id, i);
        int function = functionOf(location);
        stack[i] =
            compact.location(compact.function(names[function], files[function]), lineOf(location));
      }
      renumbered[id] = compact.stack(stack, depth);
    }
    return compact;
  }
}
