package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.LongTable;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.event.JfrClass;
import dev.psc.jvm.internal.event.JfrThreads;
import dev.psc.jvm.internal.event.OldObjectOwner;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The constants of a chunk: the position of each in the bytes of its checkpoints, and its value
 * once it was requested. A stack is a number of the stack pool. A missing constant is null, as in
 * the JDK. Not thread-safe.
 */
final class JfrConstants {

  /** The longest chain of strings that are constants of one another. */
  private static final int MAX_REFERENCES = 4;

  /** Far above any recorder's depth; a deeper stack has {@code [truncated]} as its root. */
  private static final int MAX_FRAMES = 16_384;

  /** The most heap that a constant costs in addition to its bytes in the file. */
  private static final int BYTES_OF_CONSTANT = 200;

  /** A long name that a million methods have in common would be made a million times. */
  private static final int CHARACTERS_PER_BYTE = 64;

  private final JfrInput in;
  private final JfrMetadata metadata;
  private final StackPool stackPool;
  private final JfrThreads threads;
  private final JfrFrames frames = new JfrFrames();
  private final long[] values = new long[64];
  private int[] stack = new int[256];
  private long[] methodKeys = new long[255];
  private final long mostCharacters;
  private int references;
  private long all;
  private long characters;

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
  JfrConstants(JfrInput in, JfrMetadata metadata, StackPool stackPool, JfrThreads threads) {
    this.in = in;
    this.metadata = metadata;
    this.stackPool = stackPool;
    this.threads = threads;
    this.mostCharacters =
        Math.min(
            Runtime.getRuntime().maxMemory() / 4,
            1_000_000 + (long) in.bytes().length * CHARACTERS_PER_BYTE);
  }

  /**
   * Adds the constants of a checkpoint. One that is there already is replaced: the JDK reads the
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
        throw new IOException("the metadata do not describe the type " + id + " of constants");
      }
      Pool pool = type.constants();
      if (pool == null) {
        pool = new Pool(type);
        type.constants(pool);
      }
      int constants = in.readCount();
      all += constants;
      if (all > Runtime.getRuntime().maxMemory() / BYTES_OF_CONSTANT) {
        throw new IOException(all + " constants do not fit into the heap; raise -Xmx");
      }
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

  /** Moves to a constant; returns whether it exists. */
  private boolean find(@Nullable Pool pool, long key) {
    int index = pool == null ? -1 : pool.keys.indexOf(key);
    if (pool == null || index < 0) {
      return false;
    }
    in.position(pool.positions[index]);
    return true;
  }

  /** Reads all fields of the current struct, into an array that the next call reuses. */
  private long[] fields(JfrType type) throws IOException {
    int count = type.fieldCount();
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
    JfrType strings = metadata.strings();
    Pool pool = strings == null ? null : strings.constants();
    return pool == null ? null : string(pool, key);
  }

  private @Nullable String string(Pool pool, long key) throws IOException {
    if (references >= MAX_REFERENCES || !find(pool, key)) {
      return null;
    }
    references++;
    try {
      return ownText();
    } finally {
      references--;
    }
  }

  /** Returns a constant that is a string, or a struct with one: a symbol, a thread's state. */
  @Nullable String text(JfrType type, long key) throws IOException {
    Pool pool = type.constants();
    if (pool == null) {
      return null;
    }
    if (type.kind() == JfrType.Kind.STRING) {
      return string(pool, key);
    }
    for (int i = 0; i < type.fieldCount(); i++) {
      if (type.field(i).kind() == JfrType.Kind.STRING) {
        return find(pool, key) ? text((int) fields(type)[i]) : null;
      }
    }
    return null;
  }

  private @Nullable String text(int position) throws IOException {
    in.position(position);
    return ownText();
  }

  /** Reads a string among the constants. */
  private @Nullable String ownText() throws IOException {
    if (characters > mostCharacters) {
      throw new IOException("its names have more than " + mostCharacters + " characters");
    }
    String text = text(in);
    characters += text == null ? 0 : text.length();
    return text;
  }

  /** Returns the text of a field of the struct that was read. */
  private @Nullable String text(JfrType type, String field, long[] read) throws IOException {
    int index = type.indexOf(field);
    if (index < 0) {
      return null;
    }
    JfrType.Field found = type.field(index);
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
    Pool pool = type.constants();
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
    Pool pool = type.constants();
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
      known = new JfrClass(name == null ? PseudoFrames.UNKNOWN : name.replace('/', '.'));
      pool.classes[index] = known;
    }
    return known;
  }

  /** Returns the class of an old object. */
  @Nullable JfrClass typeOfObject(JfrType object, long key) throws IOException {
    int index = object.indexOf("type");
    return index >= 0 && find(object.constants(), key)
        ? type(object.field(index).type(), fields(object)[index])
        : null;
  }

  /** Returns the class and the field that hold an old object, if its referrers are recorded. */
  @Nullable String ownerOfObject(JfrType object, long key) throws IOException {
    OldObjectOwner owner = new OldObjectOwner();
    long held = key;
    while (true) {
      long[] reference = constant(object, held, "referrer");
      JfrType described = described(object, "referrer");
      if (reference == null || described == null) {
        return owner.owner();
      }
      reference = reference.clone();
      String field = textOf(described, "field", reference);
      int holder = described.indexOf("object");
      if (holder < 0 || described.field(holder).type() != object) {
        return owner.owner();
      }
      held = reference[holder];
      if (!find(object.constants(), held)) {
        return owner.owner();
      }
      String description = text(object, "description", fields(object).clone());
      if (!owner.add(typeOfObject(object, held), field, description)) {
        return owner.owner();
      }
    }
  }

  /** Returns the fields of the constant that a field of a constant refers to, if it is there. */
  private long @Nullable [] constant(JfrType type, long key, String field) throws IOException {
    JfrType target = described(type, field);
    if (target == null || !find(type.constants(), key)) {
      return null;
    }
    long next = fields(type)[type.indexOf(field)];
    return find(target.constants(), next) ? fields(target) : null;
  }

  /** Returns the type of the constants that a field refers to, if it does. */
  private static @Nullable JfrType described(JfrType type, String field) {
    int index = type.indexOf(field);
    return index >= 0 && type.field(index).kind() == JfrType.Kind.CONSTANT
        ? type.field(index).type()
        : null;
  }

  /** Returns the name of the constant that a field of a struct refers to. */
  private @Nullable String textOf(JfrType type, String field, long[] read) throws IOException {
    JfrType target = described(type, field);
    return target == null ? null : text(target, read[type.indexOf(field)]);
  }

  // Stacks.

  int noStack() {
    return stackPool.stackOf(PseudoFrames.NO_STACK);
  }

  boolean hasStack(JfrType type, long key) {
    Pool pool = type.constants();
    return pool != null && pool.keys.indexOf(key) >= 0;
  }

  int stack(JfrType type, long key) throws IOException {
    Pool pool = type.constants();
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
    int framesAt = trace.indexOf("frames");
    if (framesAt < 0 || trace.field(framesAt).kind() != JfrType.Kind.ARRAY) {
      throw new IOException("the type " + trace.name() + " has no frames");
    }
    int truncatedAt = trace.indexOf("truncated");
    boolean truncated;
    if (truncatedAt < framesAt) {
      trace.read(in, framesAt, values);
      truncated = truncatedAt >= 0 && values[truncatedAt] != 0;
    } else {
      long[] read = fields(trace);
      truncated = read[truncatedAt] != 0;
      in.position((int) read[framesAt]);
    }
    int count = in.readCount();
    if (count > MAX_FRAMES) {
      truncated = true;
      count = MAX_FRAMES;
    }
    if (stack.length < count + 1) {
      stack = new int[count + 1];
      methodKeys = new long[count];
    }
    int depth = frames(trace.field(framesAt).type(), count);
    if (truncated) {
      stack[depth++] = stackPool.location(stackPool.function(PseudoFrames.TRUNCATED, ""), 0);
    }
    return depth == 0 ? noStack() : stackPool.stack(stack, depth);
  }

  private int frames(JfrType frame, int count) throws IOException {
    int methodAt = frame.indexOf("method");
    if (methodAt < 0 || frame.field(methodAt).kind() != JfrType.Kind.CONSTANT) {
      throw new IOException("the type " + frame.name() + " has no method");
    }
    int lineAt = frame.indexOf("lineNumber");
    Pool methods = frame.field(methodAt).type().constants();
    if (methods == null) {
      return 0;
    }
    if (in.isCompressed() && frame.compressedNumbers() > 0) {
      Arrays.fill(stack, 0, count, 0);
      in.readColumns(count, frame.compressedNumbers(), methodAt, lineAt, methodKeys, stack);
    } else {
      for (int i = 0; i < count; i++) {
        long[] read = fields(frame);
        methodKeys[i] = read[methodAt];
        stack[i] = lineAt < 0 ? 0 : (int) read[lineAt];
      }
    }
    // From lines to locations, in place; a frame without a method is left out.
    int depth = 0;
    for (int i = 0; i < count; i++) {
      int location = location(methods, methodKeys[i], stack[i]);
      if (location >= 0) {
        stack[depth++] = location;
      }
    }
    return depth;
  }

  private int location(Pool methods, long key, int line) throws IOException {
    int location = frames.get(key, line);
    if (location == JfrFrames.UNKNOWN) {
      int function = function(methods, key);
      if (function < 0) {
        return -1;
      }
      location = stackPool.location(function, line);
      frames.put(key, line, location);
    }
    return location;
  }

  /** Returns the number of a method, or -1 when it is missing. */
  private int function(Pool methods, long key) throws IOException {
    int index = methods.keys.indexOf(key);
    if (index < 0) {
      return -1;
    }
    int[] functions = methods.numbers();
    if (functions[index] == 0) {
      in.position(methods.positions[index]);
      functions[index] = function(methods.type) + 1;
    }
    return functions[index] - 1;
  }

  private int function(JfrType method) throws IOException {
    long[] read = fields(method).clone();
    String name = text(method, "name", read);
    int typeAt = method.indexOf("type");
    JfrClass known = typeAt < 0 ? null : type(method.field(typeAt).type(), read[typeAt]);
    JfrClass type = known == null ? JfrClass.UNKNOWN : known;
    return stackPool.method(type.shown(), name == null ? PseudoFrames.UNKNOWN : name, type.file());
  }
}
