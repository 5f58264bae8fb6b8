package dev.psc.jvm;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The command line of this process, with values that look like secrets masked. */
final class CommandLine {

  private static final String MASK = "****";
  private static final Pattern SECRET_NAME =
      Pattern.compile("(?i)(pass|pwd|secret|token|key|credential|auth|cert)");
  private static final Pattern SECRET_VALUE =
      Pattern.compile("psc_v1_[0-9A-Za-z]+|eyJ[0-9A-Za-z_.-]{20,}|(?<=://)[^/@\\s]+(?=@)");

  private CommandLine() {}

  /** Returns the command and its arguments, separated by NUL as Go does. */
  static String masked() {
    ProcessHandle.Info info = ProcessHandle.current().info();
    String command = info.command().orElse("java");
    return mask(command, Arrays.asList(info.arguments().orElse(new String[0])));
  }

  static String mask(String command, List<String> arguments) {
    boolean[] secretFollows = new boolean[1];
    return command
        + arguments.stream()
            .map(
                argument -> {
                  if (secretFollows[0]) {
                    secretFollows[0] = false;
                    if (!argument.startsWith("-")) {
                      return MASK;
                    }
                  }
                  int equals = argument.indexOf('=');
                  String name = equals < 0 ? argument : argument.substring(0, equals);
                  if (argument.startsWith("-") && SECRET_NAME.matcher(name).find()) {
                    secretFollows[0] = equals < 0;
                    return equals < 0 ? argument : name + "=" + MASK;
                  }
                  return SECRET_VALUE.matcher(argument).replaceAll(MASK);
                })
            .map(argument -> "\0" + argument)
            .collect(Collectors.joining());
  }
}
