package dev.psc.scraper.cli;

import dev.psc.scrape.settings.Nearest;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The parser of arguments and environment; errors name the nearest flag. */
public final class CommandLineReader {

  private static final int MAX_SHOWN_VALUE = 40;

  private CommandLineReader() {}

  /**
   * Reads the command line.
   *
   * @throws UsageException on an unknown flag or a malformed value
   */
  public static Options read(String[] arguments, Map<String, String> environment)
      throws UsageException {
    Options options = new Options();
    CommandLine line = commandLine(options, environment);
    try {
      line.parseArgs(withoutProgramName(arguments));
    } catch (UnmatchedArgumentException e) {
      throw new UsageException(unknown(line, e));
    } catch (ParameterException e) {
      throw new UsageException(message(e));
    }
    return options;
  }

  public static CommandLine commandLine(Options options, Map<String, String> environment) {
    return new CommandLine(options)
        .setDefaultValueProvider(new EnvironmentDefaults(environment))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOverwrittenOptionsAllowed(true)
        .setUsageHelpLongOptionsMaxWidth(34);
  }

  /** Prints the help with the flags by group. */
  public static void usage(PrintStream out) {
    CommandLine.Help help = commandLine(new Options(), Map.of()).getHelp();
    out.print(help.synopsisHeading());
    out.print(help.synopsis(help.synopsisHeadingLength()));
    out.print(help.description());
    Options.groups()
        .forEach(
            (heading, group) -> {
              CommandLine line = new CommandLine(group).setUsageHelpLongOptionsMaxWidth(34);
              line.getCommandSpec().usageMessage().sortOptions(false);
              out.printf("%n%s:%n", heading);
              out.print(line.getHelp().optionList());
            });
    out.print(help.footerHeading());
    out.print(help.footer());
  }

  /** Removes the program name that the Polar Signals manifest has as its first argument. */
  private static String[] withoutProgramName(String[] arguments) {
    return arguments.length > 0 && arguments[0].equals("/parca")
        ? Arrays.copyOfRange(arguments, 1, arguments.length)
        : arguments;
  }

  private static List<String> unknown(CommandLine line, UnmatchedArgumentException e) {
    List<String> known = new ArrayList<>(line.getCommandSpec().optionsMap().keySet());
    List<String> problems = new ArrayList<>();
    for (String argument : e.getUnmatched()) {
      // Only the name: the value may be a secret.
      String name = argument.split("=", 2)[0];
      problems.add(
          name.startsWith("-")
              ? "unknown flag "
                  + name
                  + Nearest.of(name, known).map(near -> ": did you mean " + near + "?").orElse("")
                  + " (--help lists all)"
              : "unexpected argument \"" + name + "\"");
    }
    return problems;
  }

  private static String message(ParameterException e) {
    String value = e.getValue();
    if (!(e.getArgSpec() instanceof OptionSpec option) || value == null) {
      return String.valueOf(e.getMessage());
    }
    String flag = option.longestName();
    // A value this long cannot belong to a typed flag, but may be a token in the wrong place.
    boolean shown = value.length() <= MAX_SHOWN_VALUE;
    if (option.type() == boolean.class) {
      return flag + " must be true or false" + (shown ? ", but was \"" + value + "\"" : "");
    }
    if (option.type() == int.class) {
      return flag + " must be a whole number" + (shown ? ", but was \"" + value + "\"" : "");
    }
    String text =
        e.getCause() instanceof TypeConversionException cause
            ? String.valueOf(cause.getMessage())
            : String.valueOf(e.getMessage());
    return flag + ": " + (shown || value.isEmpty() ? text : text.replace(value, "…"));
  }
}
