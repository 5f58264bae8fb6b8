/**
 * Reading of settings, independent of their language: a tree of nodes with positions, a collector
 * of problems, durations, sizes and secrets. Config front ends build the tree; discovery providers
 * read it.
 */
@NullMarked
package dev.psc.scrape.settings;

import org.jspecify.annotations.NullMarked;
