package dev.psc.delivery.internal.queue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/** One file of the spool and the state of its records. Belongs to the {@link QueueState}'s lock. */
public final class Segment {

  public static final String SUFFIX = ".spool";
  public static final String ACKS_SUFFIX = ".acks";

  public final long number;
  public final int salt;
  public final Path file;
  public final Path acksFile;

  /** Set if an earlier process wrote the segment. */
  public final boolean replayed;

  /** The length of the intact part; the rest is not read. */
  public long bytes;

  /** The number of assigned ordinals. */
  public int records;

  /** Records that need not be sent again, by ordinal. */
  public final BitSet settled = new BitSet();

  /** The subset of these that is not in the acks file yet. */
  private List<Integer> unwrittenAcks = new ArrayList<>();

  /** Records that are on disk only, by ordinal. */
  public final BitSet waiting = new BitSet();

  /** Pprof bytes of these records. */
  public long waitingBytes;

  /** Set once no record will be appended. */
  public boolean sealed;

  /** Set once the files are deleted. */
  boolean gone;

  public Segment(Path directory, long number, int salt, boolean replayed) {
    this.number = number;
    this.salt = salt;
    this.replayed = replayed;
    String name = String.format(Locale.ROOT, "%016x-%08x", number, salt);
    this.file = directory.resolve(name + SUFFIX);
    this.acksFile = directory.resolve(name + ACKS_SUFFIX);
  }

  public void settle(int ordinal) {
    if (!settled.get(ordinal)) {
      settled.set(ordinal);
      unwrittenAcks.add(ordinal);
    }
  }

  public boolean isDone() {
    return sealed && settled.cardinality() >= records;
  }

  public List<Integer> takeUnwrittenAcks() {
    List<Integer> taken = unwrittenAcks;
    unwrittenAcks = new ArrayList<>();
    return taken;
  }

  public void giveBackUnwrittenAcks(List<Integer> acks) {
    unwrittenAcks.addAll(acks);
  }

  @Override
  public String toString() {
    return file.getFileName().toString();
  }
}
