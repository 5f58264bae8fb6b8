package dev.psc.scrape.testing;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.target.TargetFactory;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Makes targets for tests as a job would. */
public final class TestTargets {

  private TestTargets() {}

  /** Returns a job that scrapes one profile of each target: {@code memory}. */
  public static ScrapeJob.Builder job(String name) {
    return ScrapeJob.builder(name)
        .onlyProfiles(
            Map.of(
                "memory",
                ProfileSettings.builder().enabled(true).path("/debug/pprof/allocs").build()));
  }

  /** Returns {@code host<from>:1} to {@code host<to - 1>:1} as targets of a job. */
  public static List<Target> of(ScrapeJob job, int from, int to) {
    return of(job, IntStream.range(from, to).mapToObj(i -> "host" + i + ":1").toList());
  }

  /** Returns addresses as targets of a job. */
  public static List<Target> of(ScrapeJob job, List<String> addresses) {
    return new TargetFactory(job, Relabeling.NONE, LabelSet.empty())
        .make(List.of(TargetGroup.ofAddresses("0", addresses, LabelSet.empty())))
        .kept();
  }
}
