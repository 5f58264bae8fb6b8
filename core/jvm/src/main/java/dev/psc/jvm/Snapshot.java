package dev.psc.jvm;

/**
 * One profile of a window, to be encoded without a lock. Immutable by agreement.
 *
 * @param profile what it is
 * @param interner resolves stacks
 * @param labels resolves labels
 * @param table the sums
 * @param startNanos when the window began, in nanoseconds since 1970
 * @param durationNanos how long it was
 */
record Snapshot(
    JvmProfile profile,
    Interner interner,
    LabelTable labels,
    ProfileTable table,
    long startNanos,
    long durationNanos) {}
