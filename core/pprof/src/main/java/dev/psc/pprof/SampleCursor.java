package dev.psc.pprof;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.util.Arrays;
import java.util.NoSuchElementException;

/**
 * A cursor over the samples of a {@link Profile}, as numbers: positions of locations, values,
 * labels. It allocates no object per sample: {@link #next} overwrites the values returned before.
 * Not thread-safe; a profile can have many cursors.
 */
public final class SampleCursor {

  private final Profile profile;
  private final WireReader top;
  private final WireReader sample;
  private final WireReader inner;
  private final long[] values;
  private int[] locations = new int[64];
  private int depth;
  private long[] labels = new long[16];
  private int labelCount;
  private int position = -1;

  SampleCursor(Profile profile) {
    this.profile = profile;
    ProfileIndex index = profile.index();
    this.top = index.over(ProfileFields.SAMPLE);
    this.sample = new WireReader(index.buf, 0, 0);
    this.inner = new WireReader(index.buf, 0, 0);
    this.values = new long[index.sampleTypes()];
  }

  /** Moves to the next sample; false if there is none. */
  public boolean next() {
    try {
      while (top.next()) {
        if (top.field == ProfileFields.SAMPLE) {
          position++;
          read(top.start, top.pos);
          return true;
        }
      }
      depth = 0;
      labelCount = 0;
      return false;
    } catch (PprofException e) {
      throw new IllegalStateException("the body was changed after it was parsed", e);
    }
  }

  /** Reads one sample by its payload. */
  void read(int start, int end) throws PprofException {
    depth = 0;
    labelCount = 0;
    int count = 0;
    WireReader s = sample.reset(start, end);
    while (s.next()) {
      switch (s.field) {
        case ProfileFields.SAMPLE_LOCATION_ID -> {
          if (s.type == WireReader.VARINT) {
            location(s.value);
          } else {
            inner.reset(s.start, s.pos);
            while (inner.pos < inner.end) {
              location(inner.varint());
            }
          }
        }
        case ProfileFields.SAMPLE_VALUE -> {
          if (s.type == WireReader.VARINT) {
            values[count++] = s.value;
          } else {
            inner.reset(s.start, s.pos);
            while (inner.pos < inner.end) {
              values[count++] = inner.varint();
            }
          }
        }
        case ProfileFields.SAMPLE_LABEL -> label(s.start, s.pos);
        default -> {}
      }
    }
  }

  private void location(long id) {
    if (depth == locations.length) {
      locations = Arrays.copyOf(locations, depth * 2);
    }
    locations[depth++] = profile.locationOfId(id);
  }

  private void label(int start, int end) throws PprofException {
    int at = labelCount * 4;
    if (at == labels.length) {
      labels = Arrays.copyOf(labels, at * 2);
    }
    Arrays.fill(labels, at, at + 4, 0);
    inner.reset(start, end);
    while (inner.next()) {
      if (inner.field <= ProfileFields.LABEL_NUM_UNIT) {
        labels[at + inner.field - 1] = inner.value;
      }
    }
    labelCount++;
  }

  /** Returns the position of the sample in the profile, from 0. */
  public int position() {
    return position;
  }

  /** Returns how many locations the stack has. */
  public int depth() {
    return depth;
  }

  /**
   * Returns the position of one location of the stack, to be used with {@link Profile#frames}.
   *
   * @param i 0 is the innermost
   */
  public int location(int i) {
    return locations[check(i, depth)];
  }

  /** Returns the value of one sample type. */
  public long value(int sampleType) {
    return values[sampleType];
  }

  /** Returns how many labels the sample has. */
  public int labelCount() {
    return labelCount;
  }

  /** Returns the name of a label. */
  public String labelKey(int i) {
    return profile.text(labels[check(i, labelCount) * 4]);
  }

  /** Returns the text of a label, empty where it is a number. */
  public String labelText(int i) {
    return profile.optionalText(labels[check(i, labelCount) * 4 + 1]);
  }

  /** Returns the number of a label, 0 where it is a text. */
  public long labelNumber(int i) {
    return labels[check(i, labelCount) * 4 + 2];
  }

  /** Returns the unit of a label's number, empty where there is none. */
  public String labelUnit(int i) {
    return profile.optionalText(labels[check(i, labelCount) * 4 + 3]);
  }

  private static int check(int i, int size) {
    if (i < 0 || i >= size) {
      throw new NoSuchElementException("no entry " + i + " of " + size);
    }
    return i;
  }
}
