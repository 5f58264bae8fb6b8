package dev.psc.delivery.internal.queue;

import dev.psc.label.LabelSet;
import java.util.ArrayDeque;

/** The line of one series' profiles. Belongs to the {@link QueueState}'s lock. */
final class Series {

  final LabelSet labels;

  /** What the labels add to a request, about. */
  final int labelBytes;

  final ArrayDeque<QueuedProfile> line = new ArrayDeque<>();

  /** Bytes of the line on the wire. */
  long lineBytes;

  /** Batches that hold a profile of this series; while there are any, no other may. */
  int holds;

  Series(LabelSet labels) {
    this.labels = labels;
    int bytes = 16;
    for (var label : labels) {
      bytes += label.name().length() + 3 * label.value().length() + 8;
    }
    this.labelBytes = bytes;
  }

  int wireBytes(QueuedProfile item) {
    return item.bytes() + labelBytes;
  }
}
