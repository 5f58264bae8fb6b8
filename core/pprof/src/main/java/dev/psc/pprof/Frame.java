package dev.psc.pprof;

/**
 * One line of a stack. Immutable.
 *
 * @param function the function's name, empty where the location has no symbol
 * @param systemName its mangled name, often the same
 * @param file the source file, empty when unknown
 * @param startLine the line the function starts at, 0 when unknown
 * @param line the line, 0 when unknown
 * @param column the column, 0 when unknown
 * @param address the instruction's address (unsigned), 0 when there is none
 * @param mapping the position of the mapping in {@link Profile#mappings()}, or -1
 * @param inlined whether the function was inlined into the next frame of the stack
 */
public record Frame(
    String function,
    String systemName,
    String file,
    long startLine,
    long line,
    long column,
    long address,
    int mapping,
    boolean inlined) {

  private static final int MAX_PRINTED_CHARS = 500;

  /** Returns a name, truncated to 500 characters. */
  static String shortened(String name) {
    return name.length() <= MAX_PRINTED_CHARS ? name : name.substring(0, MAX_PRINTED_CHARS) + "…";
  }

  /**
   * Returns {@code function (file:line)}, each name truncated to 500 characters, or the address
   * where there is no symbol.
   */
  @Override
  public String toString() {
    if (function.isEmpty()) {
      return "0x" + Long.toHexString(address);
    }
    String name = shortened(function);
    return file.isEmpty() ? name : name + " (" + shortened(file) + ":" + line + ")";
  }
}
