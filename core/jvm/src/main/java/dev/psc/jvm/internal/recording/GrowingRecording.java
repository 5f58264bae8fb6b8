package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrThreads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A recording that another profiler is still writing. Each of its finished chunks is read once. Not
 * thread-safe; reading needs the aggregator's lock.
 */
public final class GrowingRecording implements AutoCloseable {

  private static final int HEADER_BYTES = 68;

  private final FileChannel channel;
  private long position;
  private long events;

  /** Opens a file, which may be empty. */
  public GrowingRecording(Path file) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.READ);
  }

  /**
   * Reads the chunks that were finished since the last call.
   *
   * @param handlers the handlers of events, by name
   * @throws IOException if a chunk cannot be read; the next call continues after it
   */
  public void read(
      Aggregator aggregator, JfrThreads threads, Map<String, Consumer<JfrEvent>> handlers)
      throws IOException {
    long end = channel.size();
    while (end - position >= HEADER_BYTES) {
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
      while (header.hasRemaining() && channel.read(header, position + header.position()) >= 0) {}
      long bytes = header.getLong(8);
      long durationNanos = header.getLong(40);
      if (bytes < HEADER_BYTES || bytes > end - position || durationNanos <= 0) {
        return; // being written
      }
      JfrFile.Chunk chunk = new JfrFile.Chunk(position, bytes, header.getLong(32), durationNanos);
      position += bytes;
      read(new JfrChunk(channel, chunk, aggregator.stackPool(), threads), handlers);
    }
  }

  private void read(JfrChunk chunk, Map<String, Consumer<JfrEvent>> handlers) throws IOException {
    List<@Nullable Consumer<JfrEvent>> byType = new ArrayList<>();
    for (JfrChunkEvents type : chunk.types()) {
      byType.add(handlers.get(type.type().name()));
    }
    for (int type = chunk.next(); type >= 0; type = chunk.next()) {
      Consumer<JfrEvent> handler = byType.get(type);
      if (handler != null) {
        handler.accept(chunk.decode(type));
        events++;
      }
    }
  }

  /** Returns the number of events that were handled. */
  public long events() {
    return events;
  }

  /** Returns the bytes of the file so far. */
  public long bytes() throws IOException {
    return channel.size();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
