package dev.psc.scraper.cli;

import dev.psc.scrape.relabel.RelabelAction;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.relabel.Relabeling;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of several disjoint parts of the targets.
 *
 * @param index from 0
 * @param count at least 1
 */
public record Shard(int index, int count) {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

  /**
   * Parses {@code i/n}. The index may be a StatefulSet's pod name: {@code scraper-2/4} is shard 2.
   *
   * @throws UsageException when the text is malformed
   */
  public static Shard parse(String text) throws UsageException {
    Matcher matcher = FORM.matcher(text.substring(text.lastIndexOf('-') + 1));
    if (!matcher.matches()) {
      throw new UsageException(
          "--shard: \"" + text + "\" must be I/N or POD-I/N, e.g. 0/3 or scraper-0/3");
    }
    Shard shard = new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    if (shard.count() < 1 || shard.index() >= shard.count()) {
      throw new UsageException(
          "--shard: " + text + ": the first number must be less than the second");
    }
    return shard;
  }

  /** Returns the relabelling rules that keep the targets of this shard. */
  public Relabeling rules() {
    return new Relabeling(
        List.of(
            RelabelRule.builder()
                .action(RelabelAction.HASH_MOD)
                .sourceLabels("__address__")
                .modulus(count)
                .targetLabel("__tmp_psc_shard")
                .build(),
            RelabelRule.builder()
                .action(RelabelAction.KEEP)
                .sourceLabels("__tmp_psc_shard")
                .regex(String.valueOf(index))
                .build()));
  }
}
