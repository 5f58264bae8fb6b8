package dev.psc.jvm;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The constants of a chunk: where each of them lies in the bytes of its checkpoints, and what it
 * became when it was first asked for. Stacks are numbers of the interner. A constant that is
 * missing is null, as it is to the JDK. Not thread-safe.
 */
final class JfrConstants {

  /** A string may be another string's constant, but not for ever. */
  private static final int MAX_REFERENCES = 4;

  /** Far above what any recorder writes; what is deeper has {@code [truncated]} as its root. */
  private static final int MAX_FRAMES = 16_384;

  private final JfrInput in;
  private final JfrMetadata metadata;
  private final Interner interner;
  private final JfrThreads threads;
  private final Map<Long, Pool> pools = new HashMap<>();
  private final long[] values = new long[64];
  private int[] stack = new int[256];
  private int references;

  /** The constants of a type. */
  static final class Pool {
    private final JfrType type;
    private final LongTable keys = new LongTable(64);
    private int[] positions = new int[128];

    /** Numbers of stacks or functions plus one; 0 is not known yet. */
    private int[] numbers = new int[0];

    private JfrThreads.@Nullable Known[] known = new JfrThreads.Known[0];
    private @Nullable JfrClass[] classes = new JfrClass[0];

    private Pool(JfrType type) {
      this.type = type;
    }

    private void put(long key, int position) {
      int index = keys.add(key);
      if (index >= positions.length) {
        positions = Arrays.copyOf(positions, positions.length * 2);
      }
      positions[index] = position;
    }

    private int[] numbers() {
      if (numbers.length < keys.size()) {
        numbers = new int[keys.size()];
      }
      return numbers;
    }
  }

  /**
   * @param in the bytes of all checkpoints
   */
  JfrConstants(JfrInput in, JfrMetadata metadata, Interner interner, JfrThreads threads) {
    this.in = in;
    this.metadata = metadata;
    this.interner = interner;
    this.threads = threads;
  }

  /**
   * Takes the constants of a checkpoint. One that is there already is replaced: the JDK reads the
   * newest checkpoint first, too.
   *
   * @param position where its number of pools is
   * @param end where it ends
   */
  void addCheckpoint(int position, int end) throws IOException {
    in.position(position);
    int count = in.readCount();
    for (int i = 0; i < count; i++) {
      long id = in.readLong();
      JfrType type = metadata.get(id);
      if (type == null) {
        throw new IOException("constants of the type " + id + ", which is not described");
      }
      Pool pool = pools.computeIfAbsent(id, added -> new Pool(type));
      int constants = in.readCount();
      for (int j = 0; j < constants; j++) {
        long key = in.readLong();
        pool.put(key, in.position());
        type.skip(in);
      }
      if (in.position() > end) {
        throw new IOException("constants of the type " + type.name() + " are cut off");
      }
    }
  }

  private @Nullable Pool pool(JfrType type) {
    return pools.get(type.id());
  }

  /** Goes to a constant; returns whether it is there. */
  private boolean find(@Nullable Pool pool, long key) {
    int index = pool == null ? -1 : pool.keys.indexOf(key);
    if (pool == null || index < 0) {
      return false;
    }
    in.position(pool.positions[index]);
    return true;
  }

  /** Reads all fields of the struct at hand, into an array that the next call uses again. */
  private long[] fields(JfrType type) throws IOException {
    int count = type.fields().size();
    if (count > values.length) {
      throw new IOException("the type " + type.name() + " has " + count + " fields");
    }
    type.read(in, count, values);
    return values;
  }

  // Strings.

  @Nullable String text(JfrInput from) throws IOException {
    return JfrStrings.read(from, this::stringConstant);
  }

  private @Nullable String stringConstant(long key) throws IOException {
    for (Pool pool : pools.values()) {
      if (pool.type.kind() == JfrType.Kind.STRING) {
        return string(pool, key);
      }
    }
    return null;
  }

  private @Nullable String string(Pool pool, long key) throws IOException {
    if (references >= MAX_REFERENCES || !find(pool, key)) {
      return null;
    }
    references++;
    try {
      return text(in);
    } finally {
      references--;
    }
  }

  /** Returns a constant that is a string, or a struct with one: a symbol, a thread's state. */
  @Nullable String text(JfrType type, long key) throws IOException {
    Pool pool = pool(type);
    if (pool == null) {
      return null;
    }
    if (type.kind() == JfrType.Kind.STRING) {
      return string(pool, key);
    }
    for (int i = 0; i < type.fields().size(); i++) {
      if (type.fields().get(i).kind() == JfrType.Kind.STRING) {
        return find(pool, key) ? text((int) fields(type)[i]) : null;
      }
    }
    return null;
  }

  private @Nullable String text(int position) throws IOException {
    in.position(position);
    return text(in);
  }

  /** Returns the text of a field of the struct that was read. */
  private @Nullable String text(JfrType type, String field, long[] read) throws IOException {
    int index = type.indexOf(field);
    if (index < 0) {
      return null;
    }
    JfrType.Field found = type.fields().get(index);
    return switch (found.kind()) {
      case STRING -> text((int) read[index]);
      case CONSTANT -> text(found.type(), read[index]);
      default -> null;
    };
  }

  private static long number(JfrType type, String field, long[] read, long otherwise) {
    int index = type.indexOf(field);
    return index < 0 ? otherwise : read[index];
  }

  // Threads and classes.

  JfrThreads.Known noThread() {
    return threads.none();
  }

  JfrThreads.Known thread(JfrType type, long key) throws IOException {
    Pool pool = pool(type);
    int index = pool == null ? -1 : pool.keys.indexOf(key);
    if (pool == null || index < 0) {
      return threads.none();
    }
    if (pool.known.length < pool.keys.size()) {
      pool.known = new JfrThreads.Known[pool.keys.size()];
    }
    JfrThreads.Known known = pool.known[index];
    if (known == null) {
      in.position(pool.positions[index]);
      long[] read = fields(type).clone();
      known =
          threads.of(
              number(type, "javaThreadId", read, -1),
              text(type, "javaName", read),
              text(type, "osName", read),
              number(type, "virtual", read, 0) != 0);
      pool.known[index] = known;
    }
    return known;
  }

  @Nullable JfrClass type(JfrType type, long key) throws IOException {
    Pool pool = pool(type);
    int index = pool == null ? -1 : pool.keys.indexOf(key);
    if (pool == null || index < 0) {
      return null;
    }
    if (pool.classes.length < pool.keys.size()) {
      pool.classes = new JfrClass[pool.keys.size()];
    }
    JfrClass known = pool.classes[index];
    if (known == null) {
      in.position(pool.positions[index]);
      String name = text(type, "name", fields(type));
      known = new JfrClass(name == null ? JfrConverter.UNKNOWN : name.replace('/', '.'));
      pool.classes[index] = known;
    }
    return known;
  }

  /** Returns the class of an old object. */
  @Nullable JfrClass typeOfObject(JfrType object, long key) throws IOException {
    int index = object.indexOf("type");
    return index >= 0 && find(pool(object), key)
        ? type(object.fields().get(index).type(), fields(object)[index])
        : null;
  }

  // Stacks.

  int noStack() {
    return interner.stackOf(JfrStacks.NO_STACK);
  }

  boolean hasStack(JfrType type, long key) {
    Pool pool = pool(type);
    return pool != null && pool.keys.indexOf(key) >= 0;
  }

  int stack(JfrType type, long key) throws IOException {
    Pool pool = pool(type);
    int index = pool == null ? -1 : pool.keys.indexOf(key);
    if (pool == null || index < 0) {
      return noStack();
    }
    int[] numbers = pool.numbers();
    if (numbers[index] == 0) {
      in.position(pool.positions[index]);
      numbers[index] = intern(type) + 1;
    }
    return numbers[index] - 1;
  }

  private int intern(JfrType trace) throws IOException {
    long[] read = fields(trace);
    boolean truncated = number(trace, "truncated", read, 0) != 0;
    int frames = trace.indexOf("frames");
    if (frames < 0 || trace.fields().get(frames).kind() != JfrType.Kind.ARRAY) {
      throw new IOException("the type " + trace.name() + " has no frames");
    }
    in.position((int) read[frames]);
    JfrType frame = trace.fields().get(frames).type();
    int count = in.readCount();
    if (count > MAX_FRAMES) {
      truncated = true;
      count = MAX_FRAMES;
    }
    if (stack.length < count + 1) {
      stack = new int[count + 1];
    }
    int depth = frames(frame, count);
    if (truncated) {
      stack[depth++] = interner.location(interner.function(JfrStacks.TRUNCATED, ""), 0);
    }
    return depth == 0 ? noStack() : interner.stack(stack, depth);
  }

  private int frames(JfrType frame, int count) throws IOException {
    int methodAt = frame.indexOf("method");
    if (methodAt < 0 || frame.fields().get(methodAt).kind() != JfrType.Kind.CONSTANT) {
      throw new IOException("the type " + frame.name() + " has no method");
    }
    int lineAt = frame.indexOf("lineNumber");
    JfrType method = frame.fields().get(methodAt).type();
    Pool methods = pool(method);
    if (methods == null) {
      return 0;
    }
    int[] functions = methods.numbers();
    int depth = 0;
    for (int i = 0; i < count; i++) {
      long[] read = fields(frame);
      int line = lineAt < 0 ? 0 : (int) read[lineAt];
      int index = methods.keys.indexOf(read[methodAt]);
      if (index >= 0) {
        if (functions[index] == 0) {
          int next = in.position();
          in.position(methods.positions[index]);
          functions[index] = function(method) + 1;
          in.position(next);
        }
        stack[depth++] = interner.location(functions[index] - 1, line);
      }
    }
    return depth;
  }

  private int function(JfrType method) throws IOException {
    long[] read = fields(method).clone();
    String name = text(method, "name", read);
    int typeAt = method.indexOf("type");
    JfrClass type =
        typeAt < 0 ? null : type(method.fields().get(typeAt).type(), read[typeAt]);
    return interner.method(
        type == null ? null : type.name(), name == null ? JfrConverter.UNKNOWN : name);
  }
}
