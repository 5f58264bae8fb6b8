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
 * @param scraping the number of running scrapes
 * @param waiting the number of scrapes that are due and wait for a slot
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
   * @param discoveries the sources of its targets
   * @param targets the targets that are scraped
   * @param dropped the targets that relabelling dropped, with the rule
   * @param invalid the targets that cannot be scraped, with the reason
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
   * A source of targets.
   *
   * @param key the mechanism, e.g. {@code file_sd_configs}
   * @param groups the number of groups that it has published
   * @param lastUpdate when it last published, if it did
   * @param error the reason why it cannot list its targets at present, if it cannot
   */
  public record Discovery(
      String key, int groups, Optional<Instant> lastUpdate, Optional<String> error) {}
}
