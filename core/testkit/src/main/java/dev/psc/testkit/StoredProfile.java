package dev.psc.testkit;

import dev.psc.auth.ProjectId;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A profile that an {@link EmbeddedProfileStore} accepted. Immutable. */
public final class StoredProfile {

  private final ProjectId project;
  private final LabelSet labels;
  private final long timeNanos;
  private final boolean normalized;
  private final byte @Nullable [] pprof;
  private final @Nullable Path file;

  StoredProfile(
      ProjectId project,
      LabelSet labels,
      long timeNanos,
      boolean normalized,
      byte @Nullable [] pprof,
      @Nullable Path file) {
    this.project = project;
    this.labels = labels;
    this.timeNanos = timeNanos;
    this.normalized = normalized;
    this.pprof = pprof;
    this.file = file;
  }

  /** Returns the project. */
  public ProjectId project() {
    return project;
  }

  /** Returns the labels of the series, with {@code __name__}. */
  public LabelSet labels() {
    return labels;
  }

  /** Returns the value of {@code __name__}. */
  public String name() {
    return labels.valueOf(LabelSet.NAME);
  }

  /** Returns the time of the profile in nanoseconds since 1970, or 0 if it has none. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Returns whether its request had the flag {@code normalized}. */
  public boolean normalized() {
    return normalized;
  }

  /** Returns the file, if the store has a directory. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /**
   * Returns a copy of the bytes as received; in gzip if the store has a directory.
   *
   * @throws UncheckedIOException if the file cannot be read
   */
  public byte[] pprof() {
    if (pprof != null) {
      return pprof.clone();
    }
    if (file == null) {
      throw new IllegalStateException("the profile has neither bytes nor a file");
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
