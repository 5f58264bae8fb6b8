package dev.psc.testkit;

/**
 * One function in a summary of profiles. Immutable.
 *
 * @param function its name; an address in hex where there are no symbols
 * @param flat the sum of the samples in which it is the innermost frame
 * @param cumulative the sum of the samples in whose stack it is, each counted once
 */
public record TopFunction(String function, long flat, long cumulative) {}
