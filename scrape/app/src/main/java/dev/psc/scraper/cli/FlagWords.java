package dev.psc.scraper.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Translates messages of the libraries, and messages about flags, to the words the user wrote. */
public final class FlagWords {

  private static final Pattern LEADING_FLAG = Pattern.compile("^(--[a-z0-9-]+)(?=[:= ])");

  /** Replaced in this order: a phrase comes before the words in it. */
  private static final Map<String, String> WORDS = new LinkedHashMap<>();

  static {
    WORDS.put("use http://", "give --insecure or use http://");
    WORDS.put("use https://", "leave out --insecure or use https://");
    WORDS.put(
        " set allowPlaintextToken (for a store on this machine without a proxy:"
            + " allowPlaintextOnLoopback)",
        " give --allow-plaintext-token");
    WORDS.put("give the project's UUID as metadata projectID", "give --project-id=<uuid>");
    WORDS.put("caFile (PSC_CA_FILE)", "--ca-file");
    WORDS.put("allowProjectToken", "--allow-project-token");
    WORDS.put("insecureSkipVerify", "--insecure-skip-verify");
    WORDS.put("caFile", "--ca-file");
    WORDS.put("queueMaxBytes", "--queue-max-bytes");
    WORDS.put("spoolMaxBytes", "--spool-max-bytes");
    WORDS.put("profileMaxAge", "--profile-max-age");
    WORDS.put("closeTimeout", "--shutdown-timeout");
  }

  private FlagWords() {}

  /** Returns a message of the store's client with the flags in place of its settings. */
  public static String inFlags(String message) {
    String text = message;
    for (Map.Entry<String, String> word : WORDS.entrySet()) {
      text = text.replace(word.getKey(), word.getValue());
    }
    return text;
  }

  /**
   * Returns a problem that begins with a flag, with the environment variable in front if that is
   * where the value came from.
   */
  public static String asGiven(
      String problem, String[] arguments, Map<String, String> environment) {
    Matcher matcher = LEADING_FLAG.matcher(problem);
    if (!matcher.find()) {
      return problem;
    }
    String flag = matcher.group(1);
    boolean onCommandLine =
        Arrays.stream(arguments).anyMatch(a -> a.equals(flag) || a.startsWith(flag + "="));
    String variable = EnvironmentDefaults.variableOf(flag);
    if (flag.equals("--bearer-token") && !environment.containsKey(variable)) {
      variable = EnvironmentDefaults.PARCA_TOKEN;
    }
    return onCommandLine || environment.getOrDefault(variable, "").isEmpty()
        ? problem
        : variable + " (" + flag + ")" + problem.substring(flag.length());
  }
}
