package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.IdMap;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A search for the entries that a part of a profile's samples refers to, so that all others can be
 * left out: mark the samples that stay, then {@link #plan} the rewriting. The profile must keep
 * every rule about ids and strings; the last value of a repeated field counts.
 */
final class Pruner {

  private final ProfileIndex index;
  private final Checker checker;
  private final byte[] buf;
  private final boolean[] locations;
  private final boolean[] functions;
  private final boolean[] mappings;
  private final boolean[] strings;
  private final WireReader inner;
  private final WireReader innermost;

  Pruner(Checker checker) {
    this.checker = checker;
    this.index = checker.index();
    this.buf = index.buf;
    this.locations = new boolean[index.count[ProfileFields.LOCATION]];
    this.functions = new boolean[index.count[ProfileFields.FUNCTION]];
    this.mappings = new boolean[index.count[ProfileFields.MAPPING]];
    this.strings = new boolean[index.strings()];
    this.inner = new WireReader(buf, 0, 0);
    this.innermost = new WireReader(buf, 0, 0);
  }

  /** Marks the entries that one sample refers to. */
  void keepSample(int start, int end) throws PprofException {
    WireReader s = inner.reset(start, end);
    while (s.next()) {
      if (s.field == ProfileFields.SAMPLE_LOCATION_ID) {
        if (s.type == WireReader.VARINT) {
          locations[checker.locations.indexOf(s.value)] = true;
        } else {
          keepStack(s.start, s.pos);
        }
      } else if (s.field == ProfileFields.SAMPLE_LABEL) {
        WireReader l = innermost.reset(s.start, s.pos);
        while (l.next()) {
          if (l.field <= ProfileFields.LABEL_NUM_UNIT && l.field != ProfileFields.LABEL_NUM) {
            keepText(l.value);
          }
        }
      }
    }
  }

  private void keepStack(int start, int end) throws PprofException {
    IdMap ids = checker.locations;
    byte[] b = buf;
    int p = start;
    while (p < end) {
      long id = b[p++];
      if (id < 0) {
        innermost.reset(p - 1, end);
        id = innermost.varint();
        p = innermost.pos;
      }
      locations[ids.indexOf(id)] = true;
    }
  }

  private void keepText(long at) {
    if (at >= 0 && at < strings.length) {
      strings[(int) at] = true;
    }
  }

  /** Leaves unmarked entries out of a rewriting. */
  void plan(Rewriter rewriter, boolean allMappings) throws PprofException {
    keepSingles(rewriter);
    keepLocations();
    if (allMappings) {
      Arrays.fill(mappings, true);
    } else if (mappings.length > 0) {
      // Tools take the first mapping for the program itself.
      mappings[0] = true;
    }
    keepTexts(
        index.positions(ProfileFields.MAPPING),
        mappings,
        ProfileFields.MAPPING_FILENAME,
        ProfileFields.MAPPING_BUILD_ID);
    keepTexts(
        index.functionAt, functions, ProfileFields.FUNCTION_NAME, ProfileFields.FUNCTION_FILENAME);
    if (strings.length > 0) {
      strings[0] = true;
    }
    rewriter.mappingIds = ids(mappings, 1, 0);
    rewriter.functionIds = ids(functions, 1, 0);
    rewriter.locationIds = ids(locations, 1, 0);
    rewriter.stringIds = ids(strings, 0, -1);
  }

  private void keepSingles(Rewriter rewriter) throws PprofException {
    long[] names = index.typeNames();
    for (int i = 0; i < names.length; i++) {
      boolean period = i >= names.length - 2;
      if (period || rewriter.columns == null || rewriter.columns.get(i / 2)) {
        keepText(names[i]);
      }
    }
    for (int field :
        new int[] {ProfileFields.DROP_FRAMES, ProfileFields.KEEP_FRAMES, ProfileFields.DOC_URL}) {
      keepText(index.single[field]);
    }
    if (rewriter.defaultSampleType < 0) {
      keepText(index.single[ProfileFields.DEFAULT_SAMPLE_TYPE]);
    }
    for (long comment : index.comments()) {
      keepText(comment);
    }
  }

  private void keepLocations() throws PprofException {
    WireReader r = new WireReader(buf, 0, 0);
    for (int n = 0; n < locations.length; n++) {
      if (!locations[n]) {
        continue;
      }
      r.read(index.locationAt[n], index.to);
      WireReader l = inner.reset(r.start, r.pos);
      long mapping = 0;
      while (l.next()) {
        if (l.field == ProfileFields.LOCATION_MAPPING_ID) {
          mapping = l.value;
        } else if (l.field == ProfileFields.LOCATION_LINE) {
          WireReader line = innermost.reset(l.start, l.pos);
          long function = 0;
          while (line.next()) {
            if (line.field == ProfileFields.LINE_FUNCTION_ID) {
              function = line.value;
            }
          }
          if (function != 0) {
            functions[checker.functions.indexOf(function)] = true;
          }
        }
      }
      if (mapping != 0) {
        mappings[checker.mappings.indexOf(mapping)] = true;
      }
    }
  }

  private void keepTexts(int[] at, boolean[] kept, int firstField, int lastField)
      throws PprofException {
    WireReader r = new WireReader(buf, 0, 0);
    for (int n = 0; n < kept.length; n++) {
      if (!kept[n]) {
        continue;
      }
      r.read(at[n], index.to);
      WireReader e = inner.reset(r.start, r.pos);
      while (e.next()) {
        if (e.field >= firstField && e.field <= lastField) {
          keepText(e.value);
        }
      }
    }
  }

  /** Returns the new ids, null when all entries stay and so keep theirs. */
  private static int @Nullable [] ids(boolean[] kept, int firstId, int dropped) {
    int[] ids = new int[kept.length];
    int next = firstId;
    for (int i = 0; i < kept.length; i++) {
      ids[i] = kept[i] ? next++ : dropped;
    }
    return next - firstId == kept.length ? null : ids;
  }
}
