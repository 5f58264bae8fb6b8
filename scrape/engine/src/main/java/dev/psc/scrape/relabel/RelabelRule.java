package dev.psc.scrape.relabel;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One rule of relabelling, with Prometheus' meaning and defaults. Regular expressions are RE2's and
 * match the whole text; they take time in proportion to it. Immutable and thread-safe.
 */
public final class RelabelRule {

  /** The default separator between the values of several source labels. */
  public static final String DEFAULT_SEPARATOR = ";";

  /** The regular expression by default: all of it, as group 1. */
  public static final String DEFAULT_REGEX = "(.*)";

  /** The replacement by default: what group 1 matched. */
  public static final String DEFAULT_REPLACEMENT = "$1";

  private static final Pattern TARGET_TEMPLATE =
      Pattern.compile("^(?:(?:[a-zA-Z_]|\\$(?:\\{\\w+\\}|\\w+))+\\w*)+$");

  private final RelabelAction action;
  private final List<String> sourceLabels;
  private final String separator;
  private final String regex;
  private final Pattern pattern;
  private final Map<String, Integer> groups;
  private final long modulus;
  private final String targetLabel;
  private final String replacement;

  private RelabelRule(Builder builder, Pattern pattern) {
    this.action = builder.action;
    this.sourceLabels = builder.sourceLabels;
    this.separator = builder.separator;
    this.regex = builder.regex;
    this.pattern = pattern;
    this.groups = pattern.namedGroups();
    this.modulus = builder.modulus;
    this.targetLabel = builder.targetLabel;
    this.replacement = builder.replacement;
  }

  /** Returns a builder of a {@code replace} rule with all defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the action of the rule. */
  public RelabelAction action() {
    return action;
  }

  /**
   * Applies the rule.
   *
   * @param labels changed in place
   * @return whether the target is kept
   */
  boolean apply(LabelSet.Builder labels) {
    String value = joined(labels);
    switch (action) {
      case KEEP -> {
        return matches(value);
      }
      case DROP -> {
        return !matches(value);
      }
      case KEEP_EQUAL -> {
        return labels.get(targetLabel).equals(value);
      }
      case DROP_EQUAL -> {
        return !labels.get(targetLabel).equals(value);
      }
      case REPLACE -> replace(labels, value);
      case HASH_MOD -> labels.set(targetLabel, Long.toUnsignedString(hashMod(value, modulus)));
      case LOWERCASE -> labels.set(targetLabel, mapped(value, Character::toLowerCase));
      case UPPERCASE -> labels.set(targetLabel, mapped(value, Character::toUpperCase));
      case LABEL_MAP -> labelMap(labels);
      case LABEL_DROP -> removeNames(labels, true);
      case LABEL_KEEP -> removeNames(labels, false);
    }
    return true;
  }

  private void removeNames(LabelSet.Builder labels, boolean matching) {
    for (Label label : labels.build()) {
      if (matches(label.name()) == matching) {
        labels.remove(label.name());
      }
    }
  }

  private String joined(LabelSet.Builder labels) {
    if (sourceLabels.isEmpty()) {
      return "";
    }
    if (sourceLabels.size() == 1) {
      return labels.get(sourceLabels.get(0));
    }
    StringBuilder value = new StringBuilder(labels.get(sourceLabels.get(0)));
    for (String name : sourceLabels.subList(1, sourceLabels.size())) {
      value.append(separator).append(labels.get(name));
    }
    return value.toString();
  }

  private boolean matches(String value) {
    return pattern.matcher(value).matches();
  }

  private void replace(LabelSet.Builder labels, String value) {
    Matcher match = pattern.matcher(value);
    if (!match.matches()) {
      return;
    }
    String target = Template.expand(targetLabel, match, groups);
    if (LabelSet.isLegalName(target)) {
      labels.set(target, Template.expand(replacement, match, groups));
    }
  }

  private void labelMap(LabelSet.Builder labels) {
    // Sorted by name, so that of two names that map to the same one the later always wins.
    labels
        .build()
        .forEach(
            label -> {
              Matcher match = pattern.matcher(label.name());
              if (match.matches()) {
                String name = Template.expand(replacement, match, groups);
                if (LabelSet.isLegalName(name)) {
                  labels.set(name, label.value());
                }
              }
            });
  }

  /** Returns the last 8 bytes of the value's MD5 as an unsigned number, modulo another. */
  static long hashMod(String value, long modulus) {
    try {
      byte[] md5 = MessageDigest.getInstance("MD5").digest(value.getBytes(StandardCharsets.UTF_8));
      long hash = 0;
      for (int i = 8; i < 16; i++) {
        hash = hash << 8 | (md5[i] & 0xff);
      }
      return Long.remainderUnsigned(hash, modulus);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no MD5, which hashmod needs", e);
    }
  }

  private static String mapped(String text, IntUnaryOperator mapping) {
    return text.codePoints()
        .map(mapping)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** Returns the settings that apply, by their names in the configuration. */
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (!sourceLabels.isEmpty()) {
      map.put("source_labels", sourceLabels);
    }
    if (!separator.equals(DEFAULT_SEPARATOR)) {
      map.put("separator", separator);
    }
    if (!regex.equals(DEFAULT_REGEX)) {
      map.put("regex", regex);
    }
    if (modulus != 0) {
      map.put("modulus", modulus);
    }
    if (!targetLabel.isEmpty()) {
      map.put("target_label", targetLabel);
    }
    if (action == RelabelAction.REPLACE || !replacement.equals(DEFAULT_REPLACEMENT)) {
      map.put("replacement", replacement);
    }
    map.put("action", action.key());
    return map;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RelabelRule that && settings().equals(that.settings());
  }

  @Override
  public int hashCode() {
    return settings().hashCode();
  }

  /** Returns the rule on one line, as its keys and values. */
  @Override
  public String toString() {
    return settings().toString();
  }

  /** Collects the settings of a rule. Not thread-safe. */
  public static final class Builder {

    private RelabelAction action = RelabelAction.REPLACE;
    private List<String> sourceLabels = List.of();
    private String separator = DEFAULT_SEPARATOR;
    private String regex = DEFAULT_REGEX;
    private long modulus;
    private String targetLabel = "";
    private String replacement = DEFAULT_REPLACEMENT;

    private Builder() {}

    /** Sets the action; {@code replace} by default. */
    public Builder action(RelabelAction action) {
      this.action = Objects.requireNonNull(action, "action");
      return this;
    }

    /** Sets the labels whose values are matched; none by default. */
    public Builder sourceLabels(String... names) {
      this.sourceLabels = List.of(names);
      return this;
    }

    /** Sets the separator between the values of several source labels; {@code ;} by default. */
    public Builder separator(String separator) {
      this.separator = Objects.requireNonNull(separator, "separator");
      return this;
    }

    /** Sets the RE2 expression that has to match the whole text; {@code (.*)} by default. */
    public Builder regex(String regex) {
      this.regex = Objects.requireNonNull(regex, "regex");
      return this;
    }

    /** Sets the modulus of {@code hashmod}, taken as unsigned; none by default. */
    public Builder modulus(long modulus) {
      this.modulus = modulus;
      return this;
    }

    /** Sets the label that is written or compared; none by default. */
    public Builder targetLabel(String name) {
      this.targetLabel = Objects.requireNonNull(name, "name");
      return this;
    }

    /** Sets the text that is written, with {@code $1} and the like; {@code $1} by default. */
    public Builder replacement(String replacement) {
      this.replacement = Objects.requireNonNull(replacement, "replacement");
      return this;
    }

    /**
     * Returns the problems of the settings, each by the key of the configuration, or {@code action}
     * if the combination is wrong.
     */
    public Map<String, String> problems() {
      Map<String, String> problems = new LinkedHashMap<>();
      compile(problems);
      for (String name : sourceLabels) {
        if (!LabelSet.isLegalName(name)) {
          problems.put(
              "source_labels", "\"" + name + "\" is not a label name ([a-zA-Z_][a-zA-Z0-9_]*)");
        }
      }
      if (action == RelabelAction.HASH_MOD && modulus == 0) {
        problems.put("modulus", "hashmod needs a modulus that is not 0");
      }
      checkTarget().ifPresent(problem -> problems.put("target_label", problem));
      if (action == RelabelAction.LABEL_MAP && !TARGET_TEMPLATE.matches(replacement)) {
        problems.put(
            "replacement", "\"" + replacement + "\" cannot become a label name, for labelmap");
      }
      checkMix().ifPresent(problem -> problems.put("action", problem));
      return problems;
    }

    private @Nullable Pattern compile(Map<String, String> problems) {
      String tooLarge = RegexSize.problem(regex);
      if (tooLarge != null) {
        problems.put("regex", "too large: " + tooLarge);
        return null;
      }
      try {
        return Pattern.compile(regex, Pattern.DOTALL);
      } catch (PatternSyntaxException e) {
        problems.put(
            "regex",
            "not a valid RE2 expression: "
                + e.getMessage()
                + " (RE2 has no look-around and no back-references)");
        return null;
      }
    }

    private Optional<String> checkTarget() {
      boolean needed =
          switch (action) {
            case REPLACE, KEEP_EQUAL, DROP_EQUAL, HASH_MOD, LOWERCASE, UPPERCASE -> true;
            case KEEP, DROP, LABEL_MAP, LABEL_DROP, LABEL_KEEP -> false;
          };
      if (!needed) {
        return Optional.empty();
      }
      if (targetLabel.isEmpty()) {
        return Optional.of(action.key() + " needs a target_label");
      }
      boolean template = action == RelabelAction.REPLACE;
      if (template ? TARGET_TEMPLATE.matches(targetLabel) : LabelSet.isLegalName(targetLabel)) {
        return Optional.empty();
      }
      return Optional.of("\"" + targetLabel + "\" is not a label name, for " + action.key());
    }

    private Optional<String> checkMix() {
      List<String> foreign = new ArrayList<>();
      boolean equal = action == RelabelAction.KEEP_EQUAL || action == RelabelAction.DROP_EQUAL;
      boolean names = action == RelabelAction.LABEL_DROP || action == RelabelAction.LABEL_KEEP;
      boolean letters = action == RelabelAction.LOWERCASE || action == RelabelAction.UPPERCASE;
      if (names && !sourceLabels.isEmpty()) {
        foreign.add("source_labels");
      }
      if (names && !targetLabel.isEmpty()) {
        foreign.add("target_label");
      }
      if (equal && !regex.equals(DEFAULT_REGEX)) {
        foreign.add("regex");
      }
      if ((equal || names) && modulus != 0) {
        foreign.add("modulus");
      }
      if ((equal || names) && !separator.equals(DEFAULT_SEPARATOR)) {
        foreign.add("separator");
      }
      if ((equal || names || letters) && !replacement.equals(DEFAULT_REPLACEMENT)) {
        foreign.add("replacement");
      }
      if (foreign.isEmpty()) {
        return Optional.empty();
      }
      String allowed =
          names ? "only regex" : equal ? "only source_labels and target_label" : "no replacement";
      return Optional.of(
          action.key() + " takes " + allowed + "; remove " + String.join(", ", foreign));
    }

    /**
     * Returns the rule.
     *
     * @throws IllegalArgumentException with everything that {@link #problems} finds
     */
    public RelabelRule build() {
      Map<String, String> problems = problems();
      Pattern pattern = compile(problems);
      if (!problems.isEmpty() || pattern == null) {
        throw new IllegalArgumentException(String.join("; ", problems.values()));
      }
      return new RelabelRule(this, pattern);
    }
  }
}
