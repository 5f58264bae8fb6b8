package dev.psc.jvm;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Values of settings by name, from several layers. The first layer that has a name wins; an empty
 * value there means that the setting is not set.
 */
final class SettingValues {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(us|ms|s|m|h)");
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,15})\\s*([kmgt]?)(i?)b?", Pattern.CASE_INSENSITIVE);

  private final List<Function<String, @Nullable String>> layers;

  /**
   * @param layers each returns the value of a name or null, the one that wins first
   */
  SettingValues(List<Function<String, @Nullable String>> layers) {
    this.layers = layers;
  }

  Optional<String> text(String name) {
    for (Function<String, @Nullable String> layer : layers) {
      String value = layer.apply(name);
      if (value != null) {
        return Optional.of(value.trim()).filter(text -> !text.isEmpty());
      }
    }
    return Optional.empty();
  }

  /** Returns the values of all layers down to an empty one, the one that wins last. */
  List<String> weakestFirst(String name) {
    List<String> values = new ArrayList<>();
    for (Function<String, @Nullable String> layer : layers) {
      String value = layer.apply(name);
      if (value != null && value.isBlank()) {
        break;
      }
      if (value != null) {
        values.add(0, value.trim());
      }
    }
    return values;
  }

  /** One of two mutually exclusive settings, with its value. */
  record Choice(Map.@Nullable Entry<String, String> chosen) {
    void ifPresent(BiConsumer<String, String> action) {
      if (chosen != null) {
        action.accept(chosen.getKey(), chosen.getValue());
      }
    }
  }

  /**
   * Returns the one of two settings that the first layer with either of them has.
   *
   * @throws IllegalArgumentException if that layer has both
   */
  Choice oneOf(String first, String second) {
    boolean firstCleared = false;
    boolean secondCleared = false;
    for (Function<String, @Nullable String> layer : layers) {
      String a = firstCleared ? null : layer.apply(first);
      String b = secondCleared ? null : layer.apply(second);
      firstCleared |= a != null;
      secondCleared |= b != null;
      boolean hasFirst = a != null && !a.isBlank();
      boolean hasSecond = b != null && !b.isBlank();
      if (hasFirst && hasSecond) {
        throw new IllegalArgumentException(
            first + " and " + second + " are mutually exclusive: set one of them");
      }
      if (a != null && hasFirst) {
        return new Choice(Map.entry(first, a.trim()));
      }
      if (b != null && hasSecond) {
        return new Choice(Map.entry(second, b.trim()));
      }
    }
    return new Choice(null);
  }

  void duration(String name, Consumer<Duration> setter) {
    text(name).ifPresent(text -> set(name, setter, duration(name, text)));
  }

  private static Duration duration(String name, String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw invalid(name, text, "a duration such as 10ms, 15s or 1m");
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "us" -> Duration.ofNanos(amount * 1_000);
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  void number(String name, Consumer<Integer> setter) {
    text(name).ifPresent(text -> set(name, setter, number(name, text)));
  }

  private static Integer number(String name, String text) {
    try {
      return Integer.valueOf(text);
    } catch (NumberFormatException e) {
      throw invalid(name, text, "a whole number");
    }
  }

  void size(String name, Consumer<Long> setter) {
    text(name).ifPresent(text -> set(name, setter, size(name, text)));
  }

  private static Long size(String name, String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw invalid(name, text, "a size such as 1048576, 64MiB or 1GB");
    }
    int power = " kmgt".indexOf((matcher.group(2).toLowerCase(Locale.ROOT) + " ").charAt(0));
    long bytes = Long.parseLong(matcher.group(1));
    try {
      for (int i = 0; i < power; i++) {
        bytes = Math.multiplyExact(bytes, matcher.group(3).isEmpty() ? 1_000L : 1_024L);
      }
      return bytes;
    } catch (ArithmeticException e) {
      throw invalid(name, text, "a size below 8 EiB");
    }
  }

  void flag(String name, Consumer<Boolean> setter) {
    text(name)
        .ifPresent(
            text ->
                setter.accept(
                    switch (text.toLowerCase(Locale.ROOT)) {
                      case "true", "1", "yes" -> true;
                      case "false", "0", "no" -> false;
                      default -> throw invalid(name, text, "true or false");
                    }));
  }

  /** Calls a setter; the message of its exception begins with the setting's name. */
  static <T> void set(String name, Consumer<T> setter, T value) {
    try {
      setter.accept(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  /** Reads {@code host:port}, or {@code :port} for loopback only. */
  static InetSocketAddress address(String name, String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    String host = colon < 0 ? "" : text.substring(0, colon);
    try {
      int number = Integer.parseInt(port);
      if (number < 0 || number > 65_535) {
        throw invalid(name, text, "a port between 0 and 65535");
      }
      String bare = host.replaceFirst("^\\[(.*)]$", "$1");
      return bare.isEmpty()
          ? new InetSocketAddress(InetAddress.getLoopbackAddress(), number)
          : new InetSocketAddress(InetAddress.getAllByName(bare)[0], number);
    } catch (NumberFormatException e) {
      throw invalid(name, text, "host:port, or :port for loopback only");
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(name + ": unknown host \"" + host + "\"", e);
    }
  }

  static IllegalArgumentException invalid(String name, String value, String valid) {
    return new IllegalArgumentException(name + " must be " + valid + ", but was \"" + value + "\"");
  }
}
