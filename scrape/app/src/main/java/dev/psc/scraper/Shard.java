package dev.psc.scraper;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of all targets that this scraper takes.
 *
 * @param index from 0
 * @param count at least 1
 */
record Shard(int index, int count) {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

  /**
   * Reads {@code i/n}. A StatefulSet's pod name may stand for i: {@code scraper-2/4} is shard 2.
   *
   * @throws UsageException when it is neither
   */
  static Shard parse(String text) throws UsageException {
    Matcher matcher = FORM.matcher(text.substring(text.lastIndexOf('-') + 1));
    if (!matcher.matches()) {
      throw new UsageException(
          "--shard: \"" + text + "\" must be i/n, e.g. 0/3, or a pod's name and n, scraper-0/3");
    }
    Shard shard = new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    if (shard.count() < 1 || shard.index() >= shard.count()) {
      throw new UsageException(
          "--shard: " + text + ": the first number must be 0 to the second number minus 1");
    }
    return shard;
  }
}
