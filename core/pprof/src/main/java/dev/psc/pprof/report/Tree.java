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
 * A call tree of a profile, from the outermost frame down, with the values of each call. Immutable
 * and safe to share between threads.
 */
public final class Tree {

  private static final double PRINTED_SHARE = 0.005;

  /** Deeper nodes are not indented any further. */
  private static final int MAX_INDENT = 100;

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
   * Returns the tree of a profile.
   *
   * @param profile the profile
   * @param sampleType the position of a sample type, e.g. {@link Profile#defaultSampleTypeIndex()}
   * @throws IndexOutOfBoundsException if the profile has no such sample type
   */
  public static Tree of(Profile profile, int sampleType) {
    Objects.checkIndex(sampleType, profile.sampleTypes().size());
    return new Tree(CallTree.of(profile), profile.sampleTypes().get(sampleType), sampleType);
  }

  /** Returns the type of the values. */
  public SampleType sampleType() {
    return sampleType;
  }

  /** Returns the node above all outermost frames; its function is {@code all}. */
  public Node root() {
    return new Node(0);
  }

  /**
   * Returns the nodes with at least half a percent of the total, indented, for people. The text has
   * at most about four million characters; where it ends early, its last line is {@code
   * [truncated]}.
   */
  @Override
  public String toString() {
    Text text = new Text();
    text.line(Text.shortened(sampleType.type()) + "/" + Text.shortened(sampleType.unit()));
    long total = root().cumulative();
    double least = Math.abs((double) total) * PRINTED_SHARE;
    // Stacks may be deeper than this thread's own.
    record Open(Node node, int depth) {}
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(root(), 0));
    while (!open.isEmpty()) {
      Open next = open.pop();
      if (!text.line(line(next.node(), next.depth(), total))) {
        text.truncated();
        break;
      }
      List<Node> below = next.node().children();
      for (int i = below.size() - 1; i >= 0; i--) {
        if (Math.abs((double) below.get(i).cumulative()) >= least) {
          open.push(new Open(below.get(i), next.depth() + 1));
        }
      }
    }
    return text.toString();
  }

  private String line(Node node, int depth, long total) {
    String unit = Text.shortened(sampleType.unit());
    return "  ".repeat(Math.min(depth, MAX_INDENT))
        + Text.shortened(node.function())
        + "  "
        + Quantity.format(node.cumulative(), unit)
        + " ("
        + Quantity.percent(node.cumulative(), total)
        + ")"
        + (node.flat() == 0 ? "" : ", flat " + Quantity.format(node.flat(), unit));
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

    /** Returns the sum of the samples that end in this node. */
    public long flat() {
      return tree.self(id, type);
    }

    /** Returns the sum of the samples that pass through this node. */
    public long cumulative() {
      return tree.total(id, type);
    }

    /** Returns the nodes called from this one, the largest absolute cumulative value first. */
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
