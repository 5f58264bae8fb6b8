package dev.psc.scraper.cli;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Gives a flag that was not written the value of its environment variable: {@code PSC_} and the
 * flag's name in upper case with {@code _} for {@code -}. {@code PARCA_BEARER_TOKEN}, which today's
 * scraper reads, stands in for {@code PSC_BEARER_TOKEN}.
 */
public final class EnvironmentDefaults implements IDefaultValueProvider {

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
      value = environment.get("PARCA_BEARER_TOKEN");
    }
    return value == null || value.isEmpty() ? null : value;
  }
}
