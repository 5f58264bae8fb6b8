package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Recordings that are converted for the same series. A chunk that several files have is counted in
 * the first of them. Where files of a JDK and of another profiler cover the same time, and do not
 * state different processes, the other profiler's events are counted. Immutable.
 */
public final class RecordingGroup {

  private final Map<Path, Member> members;

  /** A chunk of a file of the group. */
  private static final class Part {
    private final Path file;
    private final JfrFile.Chunk chunk;
    private final ByteBuffer header;
    private @Nullable ChunkOrigin origin;
    private boolean examined;

    Part(Path file, JfrFile.Chunk chunk, ByteBuffer header) {
      this.file = file;
      this.chunk = chunk;
      this.header = header;
    }

    boolean overlaps(Part other) {
      return chunk.startNanos() < other.chunk.endNanos()
          && other.chunk.startNanos() < chunk.endNanos();
    }
  }

  /**
   * A chunk of another file, of which events are counted there.
   *
   * @param file the other file
   * @param assumed whether the recordings do not both state their process
   */
  record Foreign(Path file, JfrFile.Chunk chunk, Set<JvmProfile> profiles, boolean assumed) {}

  /** What the other files mean for one of them. */
  public static final class Member {

    static final Member ALONE = new Member();

    private final Map<JfrFile.Chunk, List<Foreign>> foreign = new HashMap<>();
    private final Set<JfrFile.Chunk> copies = new HashSet<>();
    private final Set<String> originals = new TreeSet<>();

    private Member() {}

    /** Returns the chunks of other files that have profiles of the same process and time. */
    List<Foreign> foreign(JfrFile.Chunk chunk) {
      return foreign.getOrDefault(chunk, List.of());
    }

    boolean hasForeign() {
      return !foreign.isEmpty();
    }

    /** Returns whether a chunk is counted in another file. */
    boolean isCopy(JfrFile.Chunk chunk) {
      return copies.contains(chunk);
    }

    boolean hasCopies() {
      return !copies.isEmpty();
    }

    void addRemarks(List<String> remarks, int chunks) {
      if (hasCopies()) {
        remarks.add(
            copies.size()
                + " of "
                + chunks
                + " chunks are also in "
                + String.join(", ", originals)
                + " and are counted there");
      }
    }
  }

  private RecordingGroup(Map<Path, Member> members) {
    this.members = members;
  }

  /**
   * Compares the chunks of files; reads the events of those that overlap with chunks of other
   * files. A file or chunk that cannot be read is left out, since its conversion reports it.
   *
   * @throws ClosedChannelException if the thread was interrupted
   */
  public static RecordingGroup of(Collection<Path> files, long maxBytes, CaptureSettings settings)
      throws IOException {
    Map<Path, List<Part>> parts = new LinkedHashMap<>();
    for (Path file : files) {
      parts.putIfAbsent(key(file), List.of());
    }
    if (parts.size() < 2) {
      return new RecordingGroup(Map.of());
    }
    for (Map.Entry<Path, List<Part>> file : parts.entrySet()) {
      try (JfrFile opened = JfrFile.open(file.getKey(), maxBytes)) {
        file.setValue(parts(file.getKey(), opened));
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException | RuntimeException ignored) {
        // Its conversion reports it.
      }
    }
    Map<Path, Member> members = new HashMap<>();
    parts.keySet().forEach(file -> members.put(file, new Member()));
    List<Part> all = new ArrayList<>();
    parts.values().forEach(all::addAll);
    findCopies(all, members, maxBytes);
    all.removeIf(part -> member(members, part.file).isCopy(part.chunk) || !part.chunk.hasTime());
    examine(overlapping(all), maxBytes, settings);
    all.removeIf(part -> part.origin == null);
    for (Part part : all) {
      addForeign(part, all, member(members, part.file));
    }
    return new RecordingGroup(members);
  }

  /** Returns what the other files mean for a file. */
  public Member member(Path file) {
    return members.getOrDefault(key(file), Member.ALONE);
  }

  private static Member member(Map<Path, Member> members, Path file) {
    return members.getOrDefault(file, Member.ALONE);
  }

  private static Path key(Path file) {
    return file.toAbsolutePath().normalize();
  }

  private static List<Part> parts(Path file, JfrFile opened) throws IOException {
    List<Part> parts = new ArrayList<>();
    for (JfrFile.Chunk chunk : opened.chunks()) {
      parts.add(new Part(file, chunk, opened.header(chunk)));
    }
    return parts;
  }

  /** Finds chunks of different files with equal bytes. */
  private static void findCopies(List<Part> all, Map<Path, Member> members, long maxBytes)
      throws IOException {
    Map<ByteBuffer, List<Part>> byHeader = new HashMap<>();
    for (Part part : all) {
      List<Part> alike = byHeader.computeIfAbsent(part.header, added -> new ArrayList<>(1));
      for (Part first : alike) {
        if (!first.file.equals(part.file) && equal(first, part, maxBytes)) {
          Member member = member(members, part.file);
          member.copies.add(part.chunk);
          member.originals.add(first.file.toString());
          break;
        }
      }
      if (alike.size() < JfrFile.MAX_ALIKE) {
        alike.add(part);
      }
    }
  }

  private static boolean equal(Part a, Part b, long maxBytes) throws IOException {
    try (JfrFile left = JfrFile.open(a.file, maxBytes);
        JfrFile right = JfrFile.open(b.file, maxBytes)) {
      return JfrFile.equal(left, a.chunk, right, b.chunk);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException | RuntimeException ignored) {
      return false;
    }
  }

  /** Returns the chunks that overlap with chunks of other files, by file. */
  private static Map<Path, List<Part>> overlapping(List<Part> all) {
    List<Part> sorted = new ArrayList<>(all);
    sorted.sort(Comparator.comparingLong(part -> part.chunk.startNanos()));
    Map<Path, List<Part>> found = new LinkedHashMap<>();
    List<Part> open = new ArrayList<>();
    for (Part part : sorted) {
      open.removeIf(earlier -> earlier.chunk.endNanos() <= part.chunk.startNanos());
      for (Part earlier : open) {
        if (!earlier.file.equals(part.file)) {
          note(earlier, found);
          note(part, found);
        }
      }
      open.add(part);
    }
    return found;
  }

  private static void note(Part part, Map<Path, List<Part>> found) {
    if (!part.examined) {
      part.examined = true;
      found.computeIfAbsent(part.file, added -> new ArrayList<>()).add(part);
    }
  }

  private static void examine(
      Map<Path, List<Part>> overlapping, long maxBytes, CaptureSettings settings)
      throws IOException {
    for (Map.Entry<Path, List<Part>> file : overlapping.entrySet()) {
      try (JfrFile opened = JfrFile.open(file.getKey(), maxBytes)) {
        for (Part part : file.getValue()) {
          part.origin = origin(opened, part.chunk, settings);
        }
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException | RuntimeException ignored) {
        // Its conversion reports it.
      }
    }
  }

  private static @Nullable ChunkOrigin origin(
      JfrFile file, JfrFile.Chunk chunk, CaptureSettings settings) throws IOException {
    try {
      return new JfrFileReader(settings).origin(file, chunk);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException | RuntimeException ignored) {
      return null; // the conversion reports it
    }
  }

  /** Notes the chunks of other profilers that a chunk of the JDK overlaps with. */
  private static void addForeign(Part part, List<Part> all, Member member) {
    ChunkOrigin origin = part.origin;
    if (origin == null || !origin.ofTheJdk()) {
      return;
    }
    for (Part other : all) {
      ChunkOrigin its = other.origin;
      if (its != null
          && !other.file.equals(part.file)
          && !its.vendorProfiles().isEmpty()
          && part.overlaps(other)
          && !RecordedProcess.differ(origin.process(), its.process())) {
        boolean assumed = origin.process() == null || its.process() == null;
        member
            .foreign
            .computeIfAbsent(part.chunk, added -> new ArrayList<>(1))
            .add(new Foreign(other.file, other.chunk, its.vendorProfiles(), assumed));
      }
    }
  }
}
