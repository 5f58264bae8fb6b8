package dev.psc.scrape.config.internal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.parser.Parser;

/**
 * A parser that limits depth and size, with anchors expanded, and rejects an anchor that contains
 * itself. The composer of its events recurses into them and resolves merge keys, so the limits must
 * be enforced before. Not thread-safe.
 */
final class BoundedParser implements Parser {

  /** Deeper than any configuration. */
  private static final int MAX_DEPTH = 100;

  /** Limit on the values that anchors can expand a small text to. */
  private static final long MAX_VALUES = 2_000_000;

  /** Limit on expanded values that come from aliases, which the composer copies repeatedly. */
  private static final long MAX_ALIASED_VALUES = 200_000;

  /** A collection that has begun, and its values so far. */
  private static final class Open {
    final @Nullable Anchor anchor;
    long values = 1;

    Open(@Nullable Anchor anchor) {
      this.anchor = anchor;
    }
  }

  private final Parser parser;
  private final Deque<Open> open = new ArrayDeque<>();
  private final Map<Anchor, Long> sizes = new HashMap<>();
  private long values;
  private long aliased;

  BoundedParser(Parser parser) {
    this.parser = parser;
  }

  @Override
  public boolean checkEvent(Event.ID choice) {
    return parser.checkEvent(choice);
  }

  @Override
  public Event peekEvent() {
    return parser.peekEvent();
  }

  @Override
  public boolean hasNext() {
    return parser.hasNext();
  }

  @Override
  public Event next() {
    Event event = parser.next();
    if (event instanceof CollectionStartEvent start) {
      open.push(new Open(start.getAnchor().orElse(null)));
      start.getAnchor().ifPresent(sizes::remove);
      if (open.size() > MAX_DEPTH) {
        throw tooComplex(event, "values nest deeper than " + MAX_DEPTH + " levels");
      }
      count(event, 1);
    } else if (event instanceof CollectionEndEvent) {
      end();
    } else if (event instanceof AliasEvent alias) {
      alias(alias);
    } else if (event instanceof ScalarEvent scalar) {
      scalar.getAnchor().ifPresent(anchor -> sizes.put(anchor, 1L));
      add(1);
      count(event, 1);
    }
    return event;
  }

  private void end() {
    Open ended = open.pop();
    if (ended.anchor != null) {
      sizes.put(ended.anchor, ended.values);
    }
    add(ended.values);
  }

  private void alias(NodeEvent alias) {
    Anchor anchor = alias.getAnchor().orElseThrow();
    if (open.stream().anyMatch(collection -> anchor.equals(collection.anchor))) {
      throw tooComplex(alias, "the value of anchor &" + anchor.getValue() + " contains itself");
    }
    long size = sizes.getOrDefault(anchor, 1L);
    add(size);
    aliased += size;
    if (aliased > MAX_ALIASED_VALUES) {
      throw tooComplex(alias, "aliases expand to more than " + MAX_ALIASED_VALUES + " values");
    }
    count(alias, size);
  }

  private void add(long size) {
    Open parent = open.peek();
    if (parent != null) {
      parent.values += size;
    }
  }

  private void count(Event event, long size) {
    values += size;
    if (values > MAX_VALUES) {
      throw tooComplex(event, "more than " + MAX_VALUES + " values, anchors expanded");
    }
  }

  private static TooComplexException tooComplex(Event event, String message) {
    return new TooComplexException(event.getStartMark().orElse(null), message);
  }

  /** A text that exceeds a limit. */
  static final class TooComplexException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int line;
    private final int column;

    private TooComplexException(@Nullable Mark mark, String message) {
      super(message);
      line = mark == null ? 0 : mark.getLine() + 1;
      column = mark == null ? 0 : mark.getColumn() + 1;
    }

    /** Returns the line, from 1, or 0 if it is unknown. */
    int line() {
      return line;
    }

    /** Returns the column, from 1, or 0 if it is unknown. */
    int column() {
      return column;
    }
  }
}
