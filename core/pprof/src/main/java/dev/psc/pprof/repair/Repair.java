package dev.psc.pprof.repair;

import dev.psc.label.LegalNames;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.FreeNames;
import dev.psc.pprof.internal.check.LabelNames;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.legacy.LegacyProfile;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Sniffer;
import dev.psc.pprof.internal.wire.Unwrapped;
import dev.psc.pprof.internal.wire.WireReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A lossless repair of profiles that a strict store would reject: values, stacks and addresses do
 * not change. A profile that needs no repair is returned as the same array.
 *
 * <p>It corrects breaches of the rules that are {@link PprofRule#repairable}: it renumbers ids,
 * puts "" first in the string table, replaces bytes that are not UTF-8, drops empty entries, fills
 * in a missing time and duration, tells equal sample types apart, makes names of types and labels
 * legal, and gives keys to labels without one. It also joins several gzip members, unwraps gzip in
 * gzip, and compresses bare bytes. A profile that breaks another rule is rejected.
 */
public final class Repair {

  /** The name of a missing type. */
  static final String UNKNOWN_TYPE = "unknown";

  /** The name of a missing unit; tools show plain numbers. */
  static final String UNKNOWN_UNIT = "count";

  /** Limit on the characters of a name that a report quotes. */
  private static final int MAX_QUOTED_CHARS = 256;

  /** The level of compression; the module's README explains the choice. */
  static final int LEVEL = 1;

  /** The types of profiles that are a state, or sums since the start of the process. */
  private static final Set<String> SNAPSHOT_TYPES =
      Set.of(
          "goroutine",
          "threadcreate",
          "thread",
          "inuse_objects",
          "inuse_space",
          "alloc_objects",
          "alloc_space",
          "objects",
          "space",
          "contentions",
          "delay");

  private final RepairContext context;
  private final Unwrapped body;
  private final Checker checker;
  private final ProfileIndex index;
  private final Map<String, String> legalParts = new HashMap<>();
  private final List<RepairAction> actions = new ArrayList<>();

  private Repair(Unwrapped body, Checker checker, RepairContext context) {
    this.body = body;
    this.checker = checker;
    this.index = checker.index();
    this.context = context;
  }

  /**
   * Repairs a profile with the default limits and an empty context; see {@link #repair(byte[],
   * PprofLimits, RepairContext)}.
   */
  public static Repaired repair(byte[] body) throws PprofException {
    return repair(body, PprofLimits.defaults(), RepairContext.none());
  }

  /**
   * Repairs a profile. Safe to call from several threads; the array is not changed.
   *
   * @param body one profile as it came: gzip'd, with one member or several, or bare
   * @param limits the largest profile that is read
   * @param context what is known from the request that fetched the profile
   * @throws PprofException if the bytes are not a profile, are damaged or too large, or break a
   *     rule that cannot be repaired; the message has the rule and the place
   */
  public static Repaired repair(byte[] body, PprofLimits limits, RepairContext context)
      throws PprofException {
    return repair(body, limits, context, null);
  }

  /**
   * Repairs a profile and keeps some of its sample types, in one pass: the body is inflated,
   * checked and compressed once.
   *
   * @param body one profile as it came: gzip'd, with one member or several, or bare
   * @param limits the largest profile that is read
   * @param context what is known from the request that fetched the profile
   * @param kept the sample types to keep, or null for all
   * @throws PprofException if the bytes are not a profile, are damaged or too large, break a rule
   *     that cannot be repaired, or have none of the sample types
   */
  public static Repaired repair(
      byte[] body, PprofLimits limits, RepairContext context, @Nullable KeepSampleTypes kept)
      throws PprofException {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(limits, "limits");
    Objects.requireNonNull(context, "context");
    Unwrapped open = Unwrapped.openShared(body, limits);
    Checker checker;
    try {
      checker = Checker.require(ProfileIndex.scan(open.buf(), open.from(), open.to()));
    } catch (PprofException e) {
      return converted(body, limits, context, kept, open, e);
    }
    return new Repair(open, checker, context).run(body, kept);
  }

  private static Repaired converted(
      byte[] body,
      PprofLimits limits,
      RepairContext context,
      @Nullable KeepSampleTypes kept,
      Unwrapped open,
      PprofException failure)
      throws PprofException {
    Unwrapped legacy = LegacyProfile.convert(open, limits);
    if (legacy == null) {
      throw open.explain(failure);
    }
    Checker checker = Checker.require(ProfileIndex.scan(legacy.buf(), legacy.from(), legacy.to()));
    Repair repair = new Repair(legacy, checker, context);
    repair.did("converted", "converted the profile from a legacy format");
    return repair.run(body, kept);
  }

  /**
   * Returns whether a profile is a state or a sum since the start of its process. Without a
   * different duration it stays one: its endpoint ignored the seconds that it was asked for.
   */
  private static boolean isSnapshot(SampleType[] types) {
    for (SampleType type : types) {
      if (SNAPSHOT_TYPES.contains(type.type())) {
        return true;
      }
    }
    return false;
  }

  private Repaired run(byte[] original, @Nullable KeepSampleTypes kept) throws PprofException {
    long[] names = index.typeNames();
    String[] texts = index.texts(names);
    SampleType[] types = new SampleType[names.length / 2];
    for (int i = 0; i < types.length; i++) {
      types[i] = new SampleType(texts[i * 2], texts[i * 2 + 1]);
    }
    List<SampleType> before = List.of(types).subList(0, types.length - 1);
    long time = index.single[ProfileFields.TIME_NANOS];
    long duration = index.single[ProfileFields.DURATION_NANOS];
    boolean timeFilled = time == 0 && context.timeNanos() != 0;
    boolean durationFilled = duration == 0 && context.durationNanos() != 0 && !isSnapshot(types);
    if (timeFilled) {
      time = context.timeNanos();
    }
    if (durationFilled) {
      duration = context.durationNanos();
    }

    Rewriter rewriter = null;
    boolean planned = needsRewriting();
    if (planned || timeFilled || durationFilled) {
      rewriter = new Rewriter(checker, Rewriter.GZIP_BYTES);
      rewriter.timeNanos = time;
      rewriter.durationNanos = duration;
      plan(rewriter, types);
    }
    if (timeFilled) {
      did(PprofRule.TIME_MISSING, "filled in the time of the scrape: " + time + " ns");
    }
    if (durationFilled) {
      did("duration_missing", "filled in the duration of the scrape: " + duration + " ns");
    }
    if (body.nested()) {
      did("unwrapped", "unwrapped gzip in gzip");
    }
    if (body.members() > 1) {
      did("members_joined", "joined " + body.members() + " gzip members");
    }
    if (body.members() == 0 && body.buf() == original) {
      did("compressed", "compressed " + (body.to() - body.from()) + " bare bytes");
    }

    Content content = new Content(checker, rewriter, body);
    BitSet columns = kept == null ? null : kept.columns(before, types);
    boolean dropped = columns != null && columns.cardinality() < before.size();
    int samples = index.count[ProfileFields.SAMPLE];
    if (columns != null && dropped) {
      // The plan of a repair moves ids and strings, which the filter reads.
      Checker whole = planned ? content.written() : checker;
      Rewriter filter = KeepSampleTypes.plan(whole, columns);
      filter.timeNanos = time;
      filter.durationNanos = duration;
      samples = Objects.requireNonNull(filter.samples).cardinality();
      content = new Content(whole, filter, body);
    }
    boolean changed = dropped || !actions.isEmpty();
    return new Repaired(
        changed ? null : original,
        content,
        actions,
        new Repaired.Facts(
            index, new long[] {time, duration}, types, dropped ? columns : null, samples));
  }

  private boolean needsRewriting() {
    for (PprofRule rule : PprofRule.values()) {
      if (rule != PprofRule.TIME_MISSING && checker.isBroken(rule)) {
        return true;
      }
    }
    return false;
  }

  private void plan(Rewriter rewriter, SampleType[] types) throws PprofException {
    rewriter.mappingIds = checker.mappings.renumbered();
    rewriter.functionIds = checker.functions.renumbered();
    rewriter.locationIds = checker.locations.renumbered();
    did(PprofRule.EMPTY_ENTRY, "dropped empty entries that repeat an id or have none");
    did(PprofRule.MAPPING_ID_ORDER, "renumbered " + checker.mappings.size() + " mappings");
    did(PprofRule.FUNCTION_ID_ORDER, "renumbered " + checker.functions.size() + " functions");
    did(PprofRule.LOCATION_ID_ORDER, "renumbered " + checker.locations.size() + " locations");
    if (checker.isBroken(PprofRule.MAPPING_MISSING) && rewriter.mappingIds == null) {
      rewriter.mappingIds = identity(checker.mappings.size());
    }
    did(PprofRule.MAPPING_MISSING, "set mapping ids that refer to nothing to 0");
    if (checker.isBroken(PprofRule.FUNCTION_MISSING) && rewriter.functionIds == null) {
      rewriter.functionIds = identity(checker.functions.size());
    }
    if (checker.isBroken(PprofRule.FUNCTION_MISSING)) {
      int[] ids = Objects.requireNonNull(rewriter.functionIds);
      rewriter.namelessFunction = 1L + Arrays.stream(ids).max().orElse(0);
    }
    did(PprofRule.FUNCTION_MISSING, "set an unnamed function on lines without a function");
    rewriter.emptyFirst = checker.isBroken(PprofRule.FIRST_STRING);
    did(PprofRule.FIRST_STRING, "added \"\" as the first entry of the string table");
    if (checker.isBroken(PprofRule.STRING_ENCODING)) {
      replaceStrings(rewriter);
      did(PprofRule.STRING_ENCODING, "replaced bytes that are not UTF-8");
    }
    if (checker.isBroken(PprofRule.LABEL_KEY) || checker.isBroken(PprofRule.LABEL_NAME)) {
      renameLabels(rewriter);
    }
    if (checker.isBroken(PprofRule.SAMPLE_TYPE_NAME)
        || checker.isBroken(PprofRule.SAMPLE_TYPE_DUPLICATE)) {
      renameSampleTypes(rewriter, types);
    }
    if (checker.isBroken(PprofRule.PERIOD_TYPE_NAME)) {
      renamePeriodType(rewriter, types);
    }
  }

  private static int[] identity(int size) {
    int[] ids = new int[size];
    for (int i = 0; i < size; i++) {
      ids[i] = i + 1;
    }
    return ids;
  }

  private void replaceStrings(Rewriter rewriter) throws PprofException {
    WireReader r = index.over(ProfileFields.STRING);
    int n = 0;
    while (r.next()) {
      if (r.field == ProfileFields.STRING) {
        byte[] valid =
            new String(index.buf, r.start, r.pos - r.start, StandardCharsets.UTF_8)
                .getBytes(StandardCharsets.UTF_8);
        if (valid.length != r.pos - r.start
            || !Arrays.equals(valid, 0, valid.length, index.buf, r.start, r.pos)) {
          rewriter.replacedStrings.put(n, valid);
        }
        n++;
      }
    }
  }

  private void renameLabels(Rewriter rewriter) throws PprofException {
    LabelNames.Renaming renaming = checker.labelNames().renamed();
    if (checker.isBroken(PprofRule.LABEL_KEY)) {
      rewriter.labelKey = rewriter.append(renaming.unnamed());
      did(PprofRule.LABEL_KEY, "named labels without a key " + renaming.unnamed());
    }
    long[] names = new long[renaming.names().length];
    for (int i = 0; i < names.length; i++) {
      names[i] = rewriter.append(renaming.names()[i]);
    }
    rewriter.renamedKeys = renaming.positions();
    rewriter.keyNames = names;
    renaming.report().forEach(sentence -> did(PprofRule.LABEL_NAME, sentence));
  }

  private void renameSampleTypes(Rewriter rewriter, SampleType[] types) throws PprofException {
    int columns = types.length - 1;
    long[] typeNames = new long[columns];
    long[] unitNames = new long[columns];
    long named = index.single[ProfileFields.DEFAULT_SAMPLE_TYPE];
    String defaultType = named == 0 ? "" : index.texts(new long[] {named})[0];
    // Tools go by the type alone, so two types with one name differ although their units do.
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < columns; i++) {
      if (legal(types[i]).type().equals(types[i].type())) {
        taken.add(types[i].type());
      }
    }
    FreeNames freeTypes = new FreeNames(taken);
    Set<String> seen = new HashSet<>();
    boolean defaultFound = named == 0;
    for (int i = 0; i < columns; i++) {
      SampleType old = types[i];
      SampleType legal = legal(old);
      boolean isDefault = !defaultFound && old.type().equals(defaultType);
      defaultFound |= isDefault;
      typeNames[i] = -1;
      unitNames[i] = -1;
      boolean duplicate = !seen.add(old.type());
      if (legal.equals(old) && !duplicate) {
        continue;
      }
      boolean keepsName = legal.type().equals(old.type()) && !duplicate;
      SampleType free =
          new SampleType(keepsName ? old.type() : freeTypes.take(legal.type()), legal.unit());
      typeNames[i] = rewriter.append(free.type());
      unitNames[i] = rewriter.append(free.unit());
      if (isDefault) {
        rewriter.defaultSampleType = typeNames[i];
      }
      types[i] = free;
      PprofRule rule = duplicate ? PprofRule.SAMPLE_TYPE_DUPLICATE : PprofRule.SAMPLE_TYPE_NAME;
      did(
          rule,
          "renamed sample type "
              + quoted(old)
              + " to "
              + shortened(free.type())
              + "/"
              + shortened(free.unit()));
    }
    rewriter.typeNames = typeNames;
    rewriter.unitNames = unitNames;
  }

  private void renamePeriodType(Rewriter rewriter, SampleType[] types) {
    SampleType old = types[types.length - 1];
    SampleType legal = legal(old);
    rewriter.periodTypeName = rewriter.append(legal.type());
    rewriter.periodUnitName = rewriter.append(legal.unit());
    types[types.length - 1] = legal;
    did(
        PprofRule.PERIOD_TYPE_NAME,
        old.type().isEmpty() && old.unit().isEmpty()
            ? "gave it the period type " + legal
            : "renamed period type " + quoted(old) + " to " + legal);
  }

  private SampleType legal(SampleType type) {
    return new SampleType(
        type.type().isEmpty() ? UNKNOWN_TYPE : legalPart(type.type()),
        type.unit().isEmpty() ? UNKNOWN_UNIT : legalPart(type.unit()));
  }

  /** Computed once per text: all types may have one text of many MiB as their name. */
  private String legalPart(String text) {
    return legalParts.computeIfAbsent(text, LegalNames::typePart);
  }

  private static String shortened(String name) {
    return name.substring(0, Math.min(name.length(), MAX_QUOTED_CHARS));
  }

  private static String quoted(SampleType type) {
    return Sniffer.printable(shortened(type.type()) + "/" + shortened(type.unit()));
  }

  private void did(PprofRule rule, String message) {
    if (checker.isBroken(rule)) {
      actions.add(new RepairAction(rule.code(), message));
    }
  }

  private void did(String code, String message) {
    actions.add(new RepairAction(code, message));
  }
}
