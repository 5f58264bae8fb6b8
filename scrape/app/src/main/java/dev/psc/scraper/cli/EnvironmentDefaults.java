package dev.psc.scraper.cli;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Default values of flags from environment variables: {@code PSC_} and the flag's name in upper
 * case with {@code _} for {@code -}. {@code PARCA_BEARER_TOKEN}, which the Polar Signals scraper
 * reads, is used where {@code PSC_BEARER_TOKEN} is not set. Boolean variables may be {@code
 * true/false}, {@code 1/0} or {@code yes/no} in any case.
 */
public final class EnvironmentDefaults implements IDefaultValueProvider {

  static final String PARCA_TOKEN = "PARCA_BEARER_TOKEN";

  private final Map<String, String> environment;

  EnvironmentDefaults(Map<String, String> environment) {
    this.environment = environment;
  }

  public static String variableOf(String flag) {
    return "PSC_" + flag.substring(2).toUpperCase(Locale.ROOT).replace('-', '_');
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || option.hidden() || option.usageHelp()) {
      return null;
    }
    String flag = option.longestName();
    String value = environment.get(variableOf(flag));
    if (value == null && flag.equals("--bearer-token")) {
      value = environment.get(PARCA_TOKEN);
    }
    if (value == null || value.isEmpty()) {
      return null;
    }
    return option.type() == boolean.class ? asBoolean(value) : value;
  }

  /**
   * Returns true or false for the other spellings; any other text is left for picocli to reject.
   */
  private static String asBoolean(String value) {
    return switch (value.strip().toLowerCase(Locale.ROOT)) {
      case "true", "1", "yes" -> "true";
      case "false", "0", "no" -> "false";
      default -> value;
    };
  }
}
