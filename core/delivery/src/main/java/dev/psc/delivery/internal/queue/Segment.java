package dev.psc.delivery.internal.queue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * One file of the spool and what became of its records. Belongs to the {@link QueueState}'s lock.
 */
public final class Segment {

  public static final String SUFFIX = ".spool";
  public static final String ACKS_SUFFIX = ".acks";

  public final long number;
  public final int salt;
  public final Path file;
  public final Path acksFile;

  /** Whether an earlier process left it. */
  public final boolean replayed;

  /** Its intact length; nothing behind it is read. */
  public long bytes;

  /** How many ordinals were given out. */
  public int records;

  /** Records that need not be sent again, by ordinal. */
  public final BitSet settled = new BitSet();

  /** Those of them that the acks file does not know yet. */
  private List<Integer> unwrittenAcks = new ArrayList<>();

  /** Records that are on disk only, by ordinal. */
  public final BitSet waiting = new BitSet();

  /** Bytes of their pprofs. */
  public long waitingBytes;

  /** Whether nothing will be appended. */
  public boolean sealed;

  /** Whether its files are gone. */
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
