package dev.psc.scrape;

import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Targets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The state of a scraper at one moment. Immutable.
 *
 * @param jobs in the order of the configuration
 * @param scraping how many scrapes are under way
 * @param waiting how many scrapes are due and wait for a place
 */
public record ScraperSnapshot(List<Job> jobs, int scraping, int waiting) {

  /** Copies the list. */
  public ScraperSnapshot {
    jobs = List.copyOf(jobs);
  }

  /** Returns the targets of all jobs. */
  public List<TargetStatus> targets() {
    return jobs.stream().flatMap(job -> job.targets().stream()).toList();
  }

  /**
   * One job.
   *
   * @param name the job's name
   * @param discoveries where its targets come from
   * @param targets those that are scraped
   * @param dropped those that relabelling dropped, with the rule that did
   * @param invalid those that cannot be scraped, with the reason
   */
  public record Job(
      String name,
      List<Discovery> discoveries,
      List<TargetStatus> targets,
      List<Targets.Dropped> dropped,
      List<Targets.Invalid> invalid) {

    /** Copies the lists. */
    public Job {
      discoveries = List.copyOf(discoveries);
      targets = List.copyOf(targets);
      dropped = List.copyOf(dropped);
      invalid = List.copyOf(invalid);
    }
  }

  /**
   * One place where targets come from.
   *
   * @param key the mechanism, e.g. {@code file_sd_configs}
   * @param groups how many groups it has published
   * @param lastUpdate when it last published, if it did
   * @param error why it cannot see its targets at present, if it cannot
   */
  public record Discovery(
      String key, int groups, Optional<Instant> lastUpdate, Optional<String> error) {}
}
