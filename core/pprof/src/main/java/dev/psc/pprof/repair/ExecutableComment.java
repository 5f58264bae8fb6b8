package dev.psc.pprof.repair;

import org.jspecify.annotations.Nullable;

/**
 * An agent's description of a mapping's executable, a comment of the form {@code
 * executableInfo=<elf type>;<offset>;<vaddr>}, all in hexadecimal. Immutable.
 *
 * @param elfType {@code e_type} of the file
 * @param offset the file offset of the executable load segment
 * @param vaddr the virtual address of that segment
 */
public record ExecutableComment(int elfType, long offset, long vaddr) {

  static final String PREFIX = "executableInfo=";

  /** Parses a comment; null if it is of another kind or malformed. */
  public static @Nullable ExecutableComment parse(String comment) {
    if (!comment.startsWith(PREFIX)) {
      return null;
    }
    String[] parts = comment.substring(PREFIX.length()).split(";", -1);
    if (parts.length != 3) {
      return null;
    }
    try {
      return new ExecutableComment(
          Integer.parseUnsignedInt(hex(parts[0]), 16),
          Long.parseUnsignedLong(hex(parts[1]), 16),
          Long.parseUnsignedLong(hex(parts[2]), 16));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static String hex(String text) {
    String digits = text.strip();
    return digits.startsWith("0x") || digits.startsWith("0X") ? digits.substring(2) : digits;
  }
}
