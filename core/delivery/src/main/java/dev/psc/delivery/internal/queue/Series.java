package dev.psc.delivery.internal.queue;

import dev.psc.label.LabelSet;
import java.util.ArrayDeque;

/** The queue of one series. Belongs to the {@link QueueState}'s lock. */
final class Series {

  final LabelSet labels;

  /** The approximate size of the labels in a request. */
  final int labelBytes;

  final ArrayDeque<QueuedProfile> line = new ArrayDeque<>();

  /** Bytes of the line on the wire. */
  long lineBytes;

  /** Number of batches with profiles of this series; others wait until it is 0. */
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
