/**
 * How settings are read, whatever language they are written in: a tree of nodes that know their
 * place, a collector of problems, durations, sizes and secrets. Config front ends build the tree;
 * discovery providers read it.
 */
@NullMarked
package dev.psc.scrape.settings;

import org.jspecify.annotations.NullMarked;
