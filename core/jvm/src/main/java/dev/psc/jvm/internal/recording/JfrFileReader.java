package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the chunks of a recorded file and has their events counted. For one file. */
public final class JfrFileReader {

  private final CaptureSettings settings;
  private final RecordingConverter counter;

  /** A type of events of a chunk. */
  private static final class Kind {
    private final String name;
    private final @Nullable Consumer<JfrEvent> handler;
    private long count;

    Kind(String name, @Nullable Consumer<JfrEvent> handler) {
      this.name = name;
      this.handler = handler;
    }
  }

  public JfrFileReader(CaptureSettings settings) {
    this.settings = settings;
    counter = new RecordingConverter(settings);
  }

  /** Reads of which recorder and process a chunk is. The reader has no other use then. */
  ChunkOrigin origin(JfrFile file, JfrFile.Chunk chunk) throws IOException {
    JfrChunk opened =
        new JfrChunk(file.channel(), chunk, counter.tables().stackPool(), counter.threads());
    if (!opened.describes(ChunkOrigin.OF_THE_JDK)) {
      readEvents(opened, chunk, OverlappingChunks.NONE);
      return new ChunkOrigin(false, counter.profiles(), counter.process());
    }
    if (opened.describes(ChunkSettings.VENDOR_CPU)) {
      readEvents(opened, chunk, OverlappingChunks.NONE);
      return new ChunkOrigin(
          true,
          counter.hasVendorCpu() ? Set.of(JvmProfile.PROCESS_CPU) : Set.of(),
          counter.process());
    }
    return new ChunkOrigin(true, Set.of(), process(opened));
  }

  private @Nullable RecordedProcess process(JfrChunk chunk) throws IOException {
    for (int type = chunk.next(); type >= 0; type = chunk.next()) {
      String name = chunk.types().get(type).type().name();
      if (RecordingConverter.currentName(name).equals(RecordedProcess.EVENT)) {
        return RecordedProcess.of(chunk.decode(type));
      }
    }
    return null;
  }

  /** Reads all chunks of a file that is alone. */
  public JfrConversion read(JfrFile file) throws IOException {
    return read(file, RecordingGroup.Member.ALONE);
  }

  /**
   * Reads all chunks.
   *
   * @param member what other files have of the same process and time
   */
  public JfrConversion read(JfrFile file, RecordingGroup.Member member) throws IOException {
    List<String> remarks = new ArrayList<>(file.remarks());
    OverlappingChunks overlapping = OverlappingChunks.find(file, settings, member);
    long start = Long.MAX_VALUE;
    long end = Long.MIN_VALUE;
    int number = 0;
    int unread = 0;
    for (JfrFile.Chunk chunk : file.chunks()) {
      number++;
      if (chunk.hasTime()) {
        start = Math.min(start, chunk.startNanos());
        end = Math.max(end, chunk.endNanos());
      }
      if (member.isCopy(chunk)) {
        continue;
      }
      JfrChunk opened;
      try {
        opened =
            new JfrChunk(file.channel(), chunk, counter.tables().stackPool(), counter.threads());
      } catch (ClosedChannelException e) {
        throw e; // the thread was interrupted
      } catch (IOException | RuntimeException e) {
        unread++;
        remarks.add("chunk " + number + " cannot be read: " + reason(e));
        continue;
      }
      try {
        long lastNanos = readEvents(opened, chunk, overlapping);
        if (chunk.hasTime() && lastNanos < start + JfrFile.LONGEST_NANOS) {
          end = Math.max(end, lastNanos);
        }
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        unread++;
        remarks.add(
            "chunk "
                + number
                + " can be read in part, its first "
                + opened.position()
                + " of "
                + chunk.size()
                + " bytes: "
                + reason(e));
      }
    }
    if (unread == number && counter.isEmpty()) {
      throw new IOException("nothing of the recording can be read: " + remarks);
    }
    overlapping.addRemarks(remarks);
    member.addRemarks(remarks, number);
    if (start == Long.MAX_VALUE) {
      start = file.modifiedNanos();
      end = start;
      remarks.add("the recording does not state its time; that of the file is used");
    }
    return counter.result(
        start,
        Math.max(1, end - start),
        overlapping.leftOutForOthers() || member.hasCopies(),
        remarks);
  }

  /** Returns the problem as a sentence, or the exception's class if it has no message. */
  static String reason(Exception e) {
    if (e instanceof IndexOutOfBoundsException) {
      return "a value goes beyond the end of its data";
    }
    if (e instanceof UncheckedIOException && e.getCause() instanceof IOException cause) {
      return reason(cause);
    }
    return e.getMessage() != null ? e.getMessage() : e.toString();
  }

  /**
   * Counts the events of a chunk; those before damage too.
   *
   * @return when the last counted event ended, if the chunk does not state its end because its JVM
   *     was killed; otherwise the lowest number
   */
  private long readEvents(JfrChunk chunk, JfrFile.Chunk header, OverlappingChunks overlapping)
      throws IOException {
    boolean open = header.durationNanos() <= 0;
    List<Kind> kinds = new ArrayList<>();
    for (JfrChunkEvents events : chunk.types()) {
      String name = events.type().name();
      Consumer<JfrEvent> handler = counter.handler(name);
      if (handler == null && events.has(JfrField.STACK_TRACE) && isSample(name)) {
        handler = counter.unread(name);
      }
      kinds.add(new Kind(name, overlapping.filter(chunk, header, name, handler)));
    }
    long lastNanos = Long.MIN_VALUE;
    try {
      for (int type = chunk.next(); type >= 0; type = chunk.next()) {
        Kind kind = kinds.get(type);
        if (kind.handler != null) {
          JfrEvent event = chunk.decode(type);
          counter.count(kind.name, kind.handler, event);
          if (open) {
            lastNanos = Math.max(lastNanos, event.startNanos() + event.durationNanos());
          }
        }
        kind.count++;
      }
    } finally {
      endChunk(chunk, kinds);
    }
    return lastNanos;
  }

  /**
   * Returns whether an event that is not read is a sample or has a weight. Most of the JDK's other
   * events with stacks are occurrences that no profile is about.
   */
  private static boolean isSample(String name) {
    return !RecordingConverter.currentName(name).startsWith("jdk.")
        || name.endsWith("Sample")
        || name.endsWith("MethodTrace");
  }

  private void endChunk(JfrChunk chunk, List<Kind> kinds) {
    Map<Long, String> types = new HashMap<>();
    Map<String, Long> counts = new TreeMap<>();
    for (int i = 0; i < kinds.size(); i++) {
      Kind kind = kinds.get(i);
      types.put(chunk.types().get(i).type().id(), kind.name);
      if (kind.count > 0) {
        counts.merge(kind.name, kind.count, Long::sum);
      }
    }
    counter.endChunk(types, counts);
  }
}
