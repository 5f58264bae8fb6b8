package dev.psc.scraper.status;

import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import dev.psc.scrape.loop.TargetStatus;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The part of the targets that a status document shows. Immutable.
 *
 * @param job only this job; empty for all
 * @param health only rows of this health: {@code up}, {@code down} or {@code unknown}; or empty
 * @param profile only rows with this profile; empty for all
 * @param words lower-case words, each of which occurs in address, job, labels or error
 * @param page from 1
 */
public record StatusQuery(String job, String health, String profile, List<String> words, int page) {

  private static final int MAX_WORDS = 8;

  /** Reads the query parameters {@code job}, {@code health}, {@code profile}, {@code q, page}. */
  public static StatusQuery of(Function<String, @Nullable String> parameters) {
    String text = given(parameters, "q").strip().toLowerCase(Locale.ROOT);
    return new StatusQuery(
        given(parameters, "job"),
        given(parameters, "health"),
        given(parameters, "profile"),
        text.isEmpty() ? List.of() : List.of(text.split("\\s+", MAX_WORDS)),
        page(given(parameters, "page")));
  }

  private static String given(Function<String, @Nullable String> parameters, String name) {
    String value = parameters.apply(name);
    return value == null ? "" : value;
  }

  private static int page(String text) {
    try {
      return Math.max(1, Integer.parseInt(text));
    } catch (NumberFormatException e) {
      return 1;
    }
  }

  boolean matches(TargetView view, TargetView.Row row) {
    TargetStatus first = view.target(row.from());
    return (job.isEmpty() || job.equals(first.target().job().name()))
        && (health.isEmpty() || health.equals(StatusDocument.health(row.health())))
        && (profile.isEmpty() || hasProfile(view, row))
        && words.stream().allMatch(word -> has(view, row, word));
  }

  private boolean hasProfile(TargetView view, TargetView.Row row) {
    for (int i = row.from(); i < row.to(); i++) {
      if (view.target(i).target().labels().valueOf(LabelSet.NAME).equals(profile)) {
        return true;
      }
    }
    return false;
  }

  private static boolean has(TargetView view, TargetView.Row row, String word) {
    for (int i = row.from(); i < row.to(); i++) {
      TargetStatus status = view.target(i);
      if (contains(status.target().uri().getPath(), word)
          || contains(status.lastError(), word)
          || contains(status.last().map(last -> last.reason()).orElse(""), word)
          || contains(status.target().labels().valueOf(LabelSet.NAME), word)) {
        return true;
      }
    }
    TargetStatus first = view.target(row.from());
    if (contains(TargetView.address(first.target()), word)
        || contains(first.target().job().name(), word)) {
      return true;
    }
    int equals = word.indexOf('=');
    for (Label label : first.target().labels()) {
      if (contains(label.value(), word)
          || contains(label.name(), word)
          || (equals > 0 && isPair(label, word, equals))) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether a word such as {@code pod=api} or {@code pod="api-1"} means a label. */
  private static boolean isPair(Label label, String word, int equals) {
    return label.name().equalsIgnoreCase(word.substring(0, equals))
        && contains(label.value(), word.substring(equals + 1).replace("\"", ""));
  }

  /** Searches without a copy of the text, as it runs over all labels of all targets. */
  private static boolean contains(@Nullable String text, String word) {
    if (text == null) {
      return false;
    }
    for (int i = 0; i <= text.length() - word.length(); i++) {
      if (text.regionMatches(true, i, word, 0, word.length())) {
        return true;
      }
    }
    return false;
  }
}
