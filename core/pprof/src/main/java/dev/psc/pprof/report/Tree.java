package dev.psc.pprof.report;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.SampleType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;

/**
 * All stacks of a profile laid over each other, from the outermost frame down: who called what, and
 * what it took. Immutable and safe to share between threads.
 */
public final class Tree {

  private static final double PRINTED_SHARE = 0.005;

  private final CallTree tree;
  private final SampleType sampleType;
  private final int type;
  private final int[] childStarts;
  private final int[] children;

  private Tree(CallTree tree, SampleType sampleType, int type) {
    this.tree = tree;
    this.sampleType = sampleType;
    this.type = type;
    int size = tree.size();
    childStarts = new int[size + 1];
    for (int node = 1; node < size; node++) {
      childStarts[tree.parentOf(node) + 1]++;
    }
    for (int node = 0; node < size; node++) {
      childStarts[node + 1] += childStarts[node];
    }
    int[] next = Arrays.copyOf(childStarts, size);
    children = new int[size - 1];
    for (int node = 1; node < size; node++) {
      children[next[tree.parentOf(node)]++] = node;
    }
  }

  /**
   * Lays a profile's stacks over each other.
   *
   * @param profile the profile
   * @param sampleType the position of a sample type, e.g. {@link Profile#defaultSampleTypeIndex()}
   * @throws IndexOutOfBoundsException when the profile has no such sample type
   */
  public static Tree of(Profile profile, int sampleType) {
    Objects.checkIndex(sampleType, profile.sampleTypes().size());
    return new Tree(CallTree.of(profile), profile.sampleTypes().get(sampleType), sampleType);
  }

  /** Returns what the values are. */
  public SampleType sampleType() {
    return sampleType;
  }

  /** Returns the node above all outermost frames; its function is {@code all}. */
  public Node root() {
    return new Node(0);
  }

  /** Returns the nodes with at least half a percent of the total, indented, for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(1024);
    text.append(sampleType).append(System.lineSeparator());
    long total = root().cumulative();
    double least = Math.abs((double) total) * PRINTED_SHARE;
    // Stacks may be deeper than this thread's own.
    record Open(Node node, int depth) {}
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(root(), 0));
    while (!open.isEmpty()) {
      Open next = open.pop();
      Node node = next.node();
      text.append("  ".repeat(next.depth()))
          .append(node.function())
          .append("  ")
          .append(Quantity.format(node.cumulative(), sampleType.unit()))
          .append(" (")
          .append(Quantity.percent(node.cumulative(), total))
          .append(')');
      if (node.flat() != 0) {
        text.append(", flat ").append(Quantity.format(node.flat(), sampleType.unit()));
      }
      text.append(System.lineSeparator());
      List<Node> below = node.children();
      for (int i = below.size() - 1; i >= 0; i--) {
        if (Math.abs((double) below.get(i).cumulative()) >= least) {
          open.push(new Open(below.get(i), next.depth() + 1));
        }
      }
    }
    return text.toString();
  }

  /** A function at one place of the tree. Immutable. */
  public final class Node {

    private final int id;

    private Node(int id) {
      this.id = id;
    }

    /** Returns the function's name, or the address of code without symbols. */
    public String function() {
      return tree.frame(tree.frameOf(id)).name();
    }

    /** Returns its source file, or the binary's for code without symbols; may be empty. */
    public String file() {
      return tree.frame(tree.frameOf(id)).filename();
    }

    /** Returns the sum of the samples that end here. */
    public long flat() {
      return tree.self(id, type);
    }

    /** Returns the sum of the samples that pass through here. */
    public long cumulative() {
      return tree.total(id, type);
    }

    /** Returns what was called from here, the largest absolute cumulative value first. */
    public List<Node> children() {
      List<Node> nodes = new ArrayList<>(childStarts[id + 1] - childStarts[id]);
      for (int i = childStarts[id]; i < childStarts[id + 1]; i++) {
        nodes.add(new Node(children[i]));
      }
      nodes.sort(
          Comparator.comparingDouble((Node node) -> Math.abs((double) node.cumulative()))
              .reversed()
              .thenComparing(Node::function));
      return nodes;
    }

    /** Returns function and values. */
    @Override
    public String toString() {
      return function() + "[flat " + flat() + ", cumulative " + cumulative() + "]";
    }
  }
}
