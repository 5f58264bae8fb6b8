package dev.psc.jvm;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.recording.JfrFile;
import dev.psc.jvm.internal.recording.JfrFileReader;
import dev.psc.jvm.internal.recording.RecordingGroup;
import dev.psc.jvm.profile.JfrConversion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A converter of {@code .jfr} files to profiles: recordings of the JDK ({@code jcmd PID JFR.dump},
 * {@code -XX:StartFlightRecording}), of async-profiler and of agents that write this format, as
 * they are or compressed with gzip, zip or LZ4.
 *
 * <pre>{@code
 * for (RawProfile profile : JfrFiles.convert(file).profiles(LabelSet.of("job", "checkout"))) {
 *   delivery.accept(profile);
 * }
 * }</pre>
 *
 * <p>A truncated file yields the profiles of its complete chunks; {@link JfrConversion#remarks}
 * lists what is missing. Everything that was recorded is counted, as often as {@code jfr summary}
 * counts it. The module {@code jdk.jfr} is not needed. Thread-safe.
 */
public final class JfrFiles {

  private JfrFiles() {}

  /**
   * Converts a file with the defaults of {@link #builder()}.
   *
   * @throws IOException if the file cannot be read, is not a recording, or has no whole chunk
   */
  public static JfrConversion convert(Path file) throws IOException {
    return builder().convert(file);
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder of the settings of a conversion. Not thread-safe. */
  public static final class Builder {

    private static final long LEAST_BYTES = 1L << 20;

    private boolean idleThreads = true;
    private boolean threadNames;
    private boolean allocatedClass;
    private long maxBytes = 4L << 30;
    private List<Path> files = List.of();
    private @Nullable RecordingGroup group;

    private Builder() {}

    /**
     * Sets whether waits of pool threads for work are counted; true by default. A running JVM's own
     * {@code block} profile leaves them out.
     */
    public Builder idleThreads(boolean idleThreads) {
      this.idleThreads = idleThreads;
      return this;
    }

    /** Sets whether samples have the label {@code thread}, normalised; false by default. */
    public Builder threadNames(boolean threadNames) {
      this.threadNames = threadNames;
      return this;
    }

    /** Sets whether the allocated class is the leaf of an allocation; false by default. */
    public Builder allocatedClass(boolean allocatedClass) {
      this.allocatedClass = allocatedClass;
      return this;
    }

    /**
     * Sets the most bytes of a file, decompressed; from 1 MiB, 4 GiB by default. A compressed file
     * is written to a temporary one, and is also rejected if it expands to more than 100 times its
     * size and more than 64 MiB.
     */
    public Builder maxBytes(long maxBytes) {
      if (maxBytes < LEAST_BYTES) {
        throw new IllegalArgumentException("maxBytes must be at least 1 MiB, but was " + maxBytes);
      }
      this.maxBytes = maxBytes;
      return this;
    }

    /**
     * Sets all files that are converted for the same series; none by default. A chunk that several
     * of them have is counted in the first one only. Where a recording of the JDK and one of
     * another profiler cover the same time, its CPU time, allocations and locks are counted from
     * the other profiler's, unless the recordings state different processes. {@link
     * JfrConversion#remarks} lists what was left out. The first conversion compares the files, and
     * reads those that overlap one more time; a file that cannot be read is ignored until it is
     * converted.
     */
    public Builder group(Collection<Path> files) {
      this.files = List.copyOf(files);
      this.group = null;
      return this;
    }

    /**
     * Converts a file; nothing of it is kept open.
     *
     * @throws IOException if the file cannot be read, is not a recording, or has no whole chunk
     */
    public JfrConversion convert(Path file) throws IOException {
      CaptureSettings settings =
          CaptureSettings.builder()
              .lockThreshold(java.time.Duration.ZERO)
              .blockThreshold(java.time.Duration.ZERO)
              .ownThreads(true)
              .idleThreads(idleThreads)
              .threadNames(threadNames)
              .allocatedClass(allocatedClass)
              .build();
      RecordingGroup compared = group;
      if (compared == null) {
        compared = RecordingGroup.of(files, maxBytes, settings);
        group = compared;
      }
      try (JfrFile opened = JfrFile.open(file, maxBytes)) {
        return new JfrFileReader(settings).read(opened, compared.member(file));
      }
    }
  }
}
