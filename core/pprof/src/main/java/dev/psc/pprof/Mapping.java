package dev.psc.pprof;

/**
 * A binary or library in the profiled process. Immutable.
 *
 * @param start the first address (unsigned)
 * @param limit one past the last address (unsigned)
 * @param offset the offset in the file
 * @param file its name
 * @param buildId its build id, empty when unknown
 * @param hasFunctions whether its locations have been given functions
 * @param hasFilenames whether they have been given files
 * @param hasLineNumbers whether they have been given lines
 * @param hasInlineFrames whether inlined functions are among them
 */
public record Mapping(
    long start,
    long limit,
    long offset,
    String file,
    String buildId,
    boolean hasFunctions,
    boolean hasFilenames,
    boolean hasLineNumbers,
    boolean hasInlineFrames) {}
