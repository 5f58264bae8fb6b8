package dev.psc.delivery.internal.spool;

import dev.psc.delivery.internal.queue.Segment;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The segment file that is open for reading, at most one at a time. Not thread-safe. */
final class OpenReader {

  private static final Logger logger = LoggerFactory.getLogger(OpenReader.class);

  private final SpoolFiles files;
  private @Nullable RecordReader reader;
  private @Nullable Segment segment;

  OpenReader(SpoolFiles files) {
    this.files = files;
  }

  /** Returns a reader at an offset of a segment; the open one if it is there already. */
  RecordReader at(Segment wanted, long offset) throws IOException {
    RecordReader current = reader;
    if (current != null && segment == wanted && current.position() == offset) {
      return current;
    }
    close();
    RecordReader opened = files.reader(wanted, offset);
    reader = opened;
    segment = wanted;
    return opened;
  }

  /** Closes the open file if it is that of a segment. */
  void close(Segment closed) {
    if (segment == closed) {
      close();
    }
  }

  /** Closes the open file, if any. */
  void close() {
    RecordReader current = reader;
    reader = null;
    segment = null;
    if (current == null) {
      return;
    }
    try {
      current.close();
    } catch (IOException e) {
      logger.debug("Cannot close a spool file", e);
    }
  }
}
