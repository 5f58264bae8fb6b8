package dev.psc.pprof.internal.check;

import dev.psc.label.LegalNames;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.Violation;
import dev.psc.pprof.internal.wire.IdMap;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Sniffer;
import dev.psc.pprof.internal.wire.WireReader;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A check of one profile against every {@link PprofRule}, in place. Damage that makes reading
 * impossible is thrown; breaches of rules are collected, the first hundred of them as sentences.
 */
public final class Checker {

  private static final int MAX_LISTED = 100;

  /** The breaches after which a profile that cannot be repaired is not checked further. */
  private static final int MAX_BREACHES = 10_000;

  private final ProfileIndex index;
  private final boolean requireReadable;
  private final byte[] buf;
  private final int strings;
  private final List<Violation> violations = new ArrayList<>();
  private final Set<PprofRule> broken = EnumSet.noneOf(PprofRule.class);
  private long breaches;

  public final IdMap mappings = new IdMap();
  public final IdMap functions = new IdMap();
  public final IdMap locations = new IdMap();

  private @Nullable LabelNames labelNames;
  private final Utf8Check utf8;

  private final WireReader inner;
  private final WireReader innermost;

  private Checker(ProfileIndex index, boolean requireReadable) {
    this.index = index;
    this.requireReadable = requireReadable;
    this.buf = index.buf;
    this.utf8 = new Utf8Check(index.buf);
    this.strings = index.strings();
    this.inner = new WireReader(buf, 0, 0);
    this.innermost = new WireReader(buf, 0, 0);
  }

  /** Checks a profile and collects its breaches. */
  public static Checker check(ProfileIndex index) throws PprofException {
    Checker checker = new Checker(index, false);
    checker.run(true);
    return checker;
  }

  /**
   * Checks a profile and throws the first breach that cannot be repaired. Damage further on is
   * thrown instead unless the breaches are too many to look for it.
   */
  public static Checker require(ProfileIndex index) throws PprofException {
    Checker checker = new Checker(index, true);
    checker.run(true);
    checker.requireReadable();
    return checker;
  }

  /** Checks everything but the samples. */
  public static Checker checkTables(ProfileIndex index) throws PprofException {
    Checker checker = new Checker(index, false);
    checker.run(false);
    return checker;
  }

  public ProfileIndex index() {
    return index;
  }

  /** Returns the names of the labels, once the samples were checked. */
  public LabelNames labelNames() {
    return Objects.requireNonNull(labelNames, "the samples were not checked");
  }

  public List<Violation> violations() {
    return violations;
  }

  public long breaches() {
    return breaches;
  }

  public boolean isBroken(PprofRule rule) {
    return broken.contains(rule);
  }

  private void requireReadable() throws PprofException {
    for (Violation violation : violations) {
      if (!violation.rule().repairable()) {
        throw exception(violation);
      }
    }
  }

  /** Returns the exception that reports a violation. */
  public static PprofException exception(Violation violation) {
    return new PprofException(
        violation.rule().code(),
        violation.place(),
        violation.message()
            + " ("
            + violation.place()
            + "); the program that writes the profile has to be corrected");
  }

  private void run(boolean samples) throws PprofException {
    if (index.sampleTypes() == 0) {
      if (breached(PprofRule.SAMPLE_TYPE_MISSING)) {
        list(PprofRule.SAMPLE_TYPE_MISSING, "sample_type", "the profile has no sample type");
      }
    }
    checkStrings();
    checkMappings();
    checkFunctions();
    checkLocations();
    if (samples) {
      SampleChecker sampleChecker = new SampleChecker(this);
      sampleChecker.run();
      LabelNames names = sampleChecker.labelNames();
      names.check(this);
      labelNames = names;
    }
    checkSingles();
    checkNames();
  }

  /**
   * Counts a breach; returns whether it is to be listed. Only some are listed: a hostile profile
   * can break rules by the million.
   */
  boolean breached(PprofRule rule) throws PprofException {
    breaches++;
    if (requireReadable && !rule.repairable() && breaches > MAX_BREACHES) {
      requireReadable();
    }
    return broken.add(rule) || violations.size() < MAX_LISTED;
  }

  void list(PprofRule rule, String place, String message) {
    violations.add(new Violation(rule, place, message));
  }

  // Strings

  private void checkStrings() throws PprofException {
    WireReader r = index.over(ProfileFields.STRING);
    int n = 0;
    while (r.next()) {
      if (r.field != ProfileFields.STRING) {
        continue;
      }
      if (n == 0 && r.start != r.pos) {
        if (breached(PprofRule.FIRST_STRING)) {
          list(
              PprofRule.FIRST_STRING,
              "string_table[0]",
              "the first string is "
                  + Sniffer.printable(buf, r.start, r.pos)
                  + ", but must be \"\"");
        }
      }
      if (!utf8.isValid(r.start, r.pos)) {
        if (breached(PprofRule.STRING_ENCODING)) {
          list(
              PprofRule.STRING_ENCODING,
              "string_table[" + n + "]",
              "the string " + Sniffer.printable(buf, r.start, r.pos) + " is not UTF-8");
        }
      }
      n++;
    }
    if (n == 0) {
      if (breached(PprofRule.FIRST_STRING)) {
        list(
            PprofRule.FIRST_STRING,
            "string_table[0]",
            "the string table is empty, \"\" is missing");
      }
    }
  }

  /** Checks a string index; returns whether it is valid. 0 is "" even without a table. */
  boolean text(long at, String table, int entry, String field) throws PprofException {
    if (at >= 0 && at < Math.max(strings, 1)) {
      return true;
    }
    if (breached(PprofRule.STRING_INDEX)) {
      list(
          PprofRule.STRING_INDEX,
          (entry < 0 ? table : table + "[" + entry + "]") + (field.isEmpty() ? "" : "." + field),
          "string index " + at + " where the string table has " + strings + " entries");
    }
    return false;
  }

  // Tables

  private void checkMappings() throws PprofException {
    WireReader r = index.over(ProfileFields.MAPPING);
    WireReader m = inner;
    int n = 0;
    while (r.next()) {
      if (r.field != ProfileFields.MAPPING) {
        continue;
      }
      m.reset(r.start, r.pos);
      long id = 0;
      while (m.next()) {
        if (m.field > ProfileFields.MAPPING_HAS_INLINE_FRAMES) {
          continue;
        }
        varint(m, "mapping", n);
        switch (m.field) {
          case ProfileFields.ID -> id = m.value;
          case ProfileFields.MAPPING_FILENAME -> text(m.value, "mapping", n, "filename");
          case ProfileFields.MAPPING_BUILD_ID -> text(m.value, "mapping", n, "build_id");
          default -> {}
        }
      }
      id(mappings, id, r, "mapping", n++, PprofRule.MAPPING_ID_ORDER);
    }
  }

  private void checkFunctions() throws PprofException {
    WireReader r = new WireReader(buf, 0, 0);
    WireReader f = inner;
    for (int n = 0; n < index.count[ProfileFields.FUNCTION]; n++) {
      r.read(index.functionAt[n], index.to);
      f.reset(r.start, r.pos);
      long id = 0;
      while (f.next()) {
        if (f.field > ProfileFields.FUNCTION_START_LINE) {
          continue;
        }
        varint(f, "function", n);
        switch (f.field) {
          case ProfileFields.ID -> id = f.value;
          case ProfileFields.FUNCTION_NAME -> text(f.value, "function", n, "name");
          case ProfileFields.FUNCTION_SYSTEM_NAME -> text(f.value, "function", n, "system_name");
          case ProfileFields.FUNCTION_FILENAME -> text(f.value, "function", n, "filename");
          default -> {}
        }
      }
      id(functions, id, r, "function", n, PprofRule.FUNCTION_ID_ORDER);
    }
  }

  private void checkLocations() throws PprofException {
    WireReader r = new WireReader(buf, 0, 0);
    WireReader l = inner;
    for (int n = 0; n < index.count[ProfileFields.LOCATION]; n++) {
      r.read(index.locationAt[n], index.to);
      l.reset(r.start, r.pos);
      long id = 0;
      long mapping = 0;
      while (l.next()) {
        switch (l.field) {
          case ProfileFields.ID -> {
            varint(l, "location", n);
            id = l.value;
          }
          case ProfileFields.LOCATION_MAPPING_ID -> {
            varint(l, "location", n);
            mapping = l.value;
          }
          case ProfileFields.LOCATION_ADDRESS, ProfileFields.LOCATION_IS_FOLDED ->
              varint(l, "location", n);
          case ProfileFields.LOCATION_LINE -> {
            if (l.type != WireReader.BYTES) {
              throw ProfileIndex.wrongType("location[" + n + "].line", l);
            }
            checkLine(l.start, l.pos, n);
          }
          default -> {}
        }
      }
      if (mapping != 0 && mappings.indexOf(mapping) < 0) {
        if (breached(PprofRule.MAPPING_MISSING)) {
          list(
              PprofRule.MAPPING_MISSING,
              "location[" + n + "].mapping_id",
              "there is no mapping with the id " + Long.toUnsignedString(mapping));
        }
      }
      id(locations, id, r, "location", n, PprofRule.LOCATION_ID_ORDER);
    }
  }

  private void checkLine(int start, int end, int location) throws PprofException {
    WireReader line = innermost.reset(start, end);
    long function = 0;
    while (line.next()) {
      if (line.field <= ProfileFields.LINE_COLUMN) {
        varint(line, "line of location", location);
        if (line.field == ProfileFields.LINE_FUNCTION_ID) {
          function = line.value;
        }
      }
    }
    if (function == 0 || functions.indexOf(function) < 0) {
      if (breached(PprofRule.FUNCTION_MISSING)) {
        list(
            PprofRule.FUNCTION_MISSING,
            "location[" + location + "].line",
            function == 0
                ? "the line has no function"
                : "there is no function with the id " + Long.toUnsignedString(function));
      }
    }
  }

  private void id(IdMap map, long id, WireReader r, String table, int entry, PprofRule order)
      throws PprofException {
    boolean wasSequential = map.isSequential();
    int same = id == 0 ? -1 : map.indexOf(id);
    if ((id == 0 || same >= 0) && isEmptyEntry(r.start, r.pos)) {
      map.skip();
      if (breached(PprofRule.EMPTY_ENTRY)) {
        list(
            PprofRule.EMPTY_ENTRY,
            table + "[" + entry + "]",
            "the "
                + table
                + " is empty and has "
                + (id == 0 ? "no id" : "the id of " + table + "[" + same + "]"));
      }
      return;
    }
    map.add(id);
    if (map.isSequential()) {
      return;
    }
    if (wasSequential) {
      if (breached(order)) {
        list(
            order,
            table + "[" + entry + "].id",
            "the id is " + Long.toUnsignedString(id) + " where " + (entry + 1) + " is expected");
      }
    }
    if (id == 0) {
      if (breached(PprofRule.ID_ZERO)) {
        list(PprofRule.ID_ZERO, table + "[" + entry + "].id", "the " + table + " has the id 0");
      }
    } else if (same >= 0) {
      if (breached(PprofRule.ID_DUPLICATE)) {
        list(
            PprofRule.ID_DUPLICATE,
            table + "[" + entry + "].id",
            "the id "
                + Long.toUnsignedString(id)
                + " is also the id of "
                + table
                + "["
                + same
                + "]");
      }
    }
  }

  /** Returns whether an entry of a table has nothing but an id. */
  private boolean isEmptyEntry(int start, int end) throws PprofException {
    WireReader e = innermost.reset(start, end);
    while (e.next()) {
      if (e.field != ProfileFields.ID && (e.type != WireReader.VARINT || e.value != 0)) {
        return false;
      }
    }
    return true;
  }

  private static void varint(WireReader r, String table, int entry) throws PprofException {
    if (r.type != WireReader.VARINT) {
      throw ProfileIndex.wrongType("field " + r.field + " of " + table + "[" + entry + "]", r);
    }
  }

  // Fields that are not repeated

  private void checkSingles() throws PprofException {
    text(index.single[ProfileFields.DROP_FRAMES], "drop_frames", -1, "");
    text(index.single[ProfileFields.KEEP_FRAMES], "keep_frames", -1, "");
    text(index.single[ProfileFields.DEFAULT_SAMPLE_TYPE], "default_sample_type", -1, "");
    text(index.single[ProfileFields.DOC_URL], "doc_url", -1, "");
    int n = 0;
    for (long comment : index.comments()) {
      text(comment, "comment", n++, "");
    }
    if (index.single[ProfileFields.TIME_NANOS] == 0) {
      if (breached(PprofRule.TIME_MISSING)) {
        list(
            PprofRule.TIME_MISSING,
            "time_nanos",
            "the profile has no time: it does not say when it was taken");
      }
    }
  }

  // Names

  private void checkNames() throws PprofException {
    long[] names = index.typeNames();
    String[] texts = index.texts(names);
    int types = index.sampleTypes();
    Set<String> seen = new HashSet<>();
    // All types may have one text of many MiB as their name.
    Map<String, Boolean> legal = new HashMap<>();
    for (int i = 0; i < types; i++) {
      String type = texts[i * 2];
      if (!seen.add(type) && breached(PprofRule.SAMPLE_TYPE_DUPLICATE)) {
        list(
            PprofRule.SAMPLE_TYPE_DUPLICATE,
            "sample_type[" + i + "]",
            "the sample type " + Sniffer.printable(type) + " is already in the profile");
      }
    }
    for (int i = 0; i < names.length; i++) {
      boolean period = i >= types * 2;
      String place =
          (period ? "period_type" : "sample_type[" + i / 2 + "]")
              + (i % 2 == 0 ? ".type" : ".unit");
      boolean absent = period && index.count[ProfileFields.PERIOD_TYPE] == 0;
      if (!absent && !text(names[i], place, -1, "")) {
        continue;
      }
      PprofRule rule = period ? PprofRule.PERIOD_TYPE_NAME : PprofRule.SAMPLE_TYPE_NAME;
      String text = texts[i];
      if (text.isEmpty()) {
        if (breached(rule)) {
          list(rule, place, "the name is missing");
        }
      } else if (!legal.computeIfAbsent(text, t -> LegalNames.typePart(t).equals(t))) {
        if (breached(rule)) {
          list(
              rule,
              place,
              "the name " + Sniffer.printable(text) + " has characters outside [a-zA-Z0-9_]");
        }
      }
    }
  }
}
