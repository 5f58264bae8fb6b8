package dev.psc.testkit;

import dev.psc.auth.ProjectId;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One profile that an {@link EmbeddedProfileStore} took. Immutable and safe to share between
 * threads.
 */
public final class StoredProfile {

  private final ProjectId project;
  private final LabelSet labels;
  private final long timeNanos;
  private final boolean normalized;
  private final long sequence;
  private final byte @Nullable [] pprof;
  private final @Nullable Path file;

  StoredProfile(
      ProjectId project,
      LabelSet labels,
      long timeNanos,
      boolean normalized,
      long sequence,
      byte @Nullable [] pprof,
      @Nullable Path file) {
    this.project = project;
    this.labels = labels;
    this.timeNanos = timeNanos;
    this.normalized = normalized;
    this.sequence = sequence;
    this.pprof = pprof;
    this.file = file;
  }

  /** Returns the project that it was sent to. */
  public ProjectId project() {
    return project;
  }

  /** Returns the labels of its series, with {@code __name__}. */
  public LabelSet labels() {
    return labels;
  }

  /** Returns the value of {@code __name__}. */
  public String name() {
    return labels.valueOf(LabelSet.NAME);
  }

  /** Returns the profile's own time in nanoseconds since 1970; 0 when it says none. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Returns whether its request said that addresses are normalized. */
  public boolean normalized() {
    return normalized;
  }

  /** Returns its number among everything that the store took, from 0 on. */
  public long sequence() {
    return sequence;
  }

  /** Returns where it lies, where the store was given a directory. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /**
   * Returns a copy of the bytes: as they came, or, where the store has a directory, gzip'd.
   *
   * @throws UncheckedIOException when its file cannot be read any more
   */
  public byte[] pprof() {
    if (pprof != null) {
      return pprof.clone();
    }
    if (file == null) {
      throw new IllegalStateException("a profile has neither bytes nor a file");
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  @Override
  public String toString() {
    return "StoredProfile[" + project + ", " + labels + ", time " + timeNanos + "]";
  }
}
