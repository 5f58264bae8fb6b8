package dev.psc.scraper.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A size in bytes in the syntax of flags: {@code 1048576}, {@code 64MiB}, {@code 2GB}. */
public record ByteSize(long bytes) {

  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,15})\\s*([kmgt]?)(i?)b?", Pattern.CASE_INSENSITIVE);

  static ByteSize mebibytes(long count) {
    return new ByteSize(count << 20);
  }

  static ByteSize parse(String text) {
    Matcher matcher = FORM.matcher(text.trim());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not a size: write bytes, or a number with kB, MB, GB, KiB, MiB, GiB");
    }
    int power = " kmgt".indexOf(matcher.group(2).toLowerCase(Locale.ROOT).concat(" ").charAt(0));
    long unit = 1;
    for (int i = 0; i < power; i++) {
      unit *= matcher.group(3).isEmpty() ? 1000 : 1024;
    }
    try {
      long bytes = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
      if (bytes == 0) {
        throw new IllegalArgumentException("\"" + text + "\" must be positive");
      }
      return new ByteSize(bytes);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("\"" + text + "\" is too large", e);
    }
  }

  static final class Converter implements ITypeConverter<ByteSize> {
    @Override
    public ByteSize convert(String value) {
      try {
        return parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
