package dev.psc.scraper;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads durations of flags as Go and Prometheus write them: {@code 500ms}, {@code 4s}, {@code
 * 1m30s}.
 */
final class DurationConverter implements ITypeConverter<Duration> {

  private static final Pattern FORM =
      Pattern.compile("(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?(?:([0-9]{1,9})ms)?");

  @Override
  public Duration convert(String value) {
    Matcher matcher = FORM.matcher(value);
    if (value.isEmpty() || !matcher.matches()) {
      throw new TypeConversionException(
          "\"" + value + "\" is not a duration: write e.g. 500ms, 4s or 1m30s");
    }
    return Duration.ofHours(part(matcher, 1))
        .plusMinutes(part(matcher, 2))
        .plusSeconds(part(matcher, 3))
        .plusMillis(part(matcher, 4));
  }

  private static long part(Matcher matcher, int group) {
    String digits = matcher.group(group);
    return digits == null ? 0 : Long.parseLong(digits);
  }
}
