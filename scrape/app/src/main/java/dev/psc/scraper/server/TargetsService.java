package dev.psc.scraper.server;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.psc.label.Label;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Targets.Dropped;
import dev.psc.store.proto.profilestore.LabelSet;
import dev.psc.store.proto.scrape.ScrapeServiceGrpc;
import dev.psc.store.proto.scrape.Target;
import dev.psc.store.proto.scrape.Targets;
import dev.psc.store.proto.scrape.TargetsRequest;
import dev.psc.store.proto.scrape.TargetsResponse;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The gRPC service {@code parca.scrape.v1alpha1.ScrapeService/Targets}, with the label sets of
 * Parca: public labels after relabelling, all before it.
 */
public final class TargetsService extends ScrapeServiceGrpc.ScrapeServiceImplBase {

  /** Defaults of a target's schedule, which Parca has outside of the labels. */
  private static final Set<String> OWN_LABELS = Set.of("__scrape_interval__", "__scrape_timeout__");

  /** Go's zero time, which Parca sends for a target that was not scraped yet. */
  private static final Timestamp NEVER =
      Timestamp.newBuilder()
          .setSeconds(Instant.parse("0001-01-01T00:00:00Z").getEpochSecond())
          .build();

  private final Scraper scraper;

  public TargetsService(Scraper scraper) {
    this.scraper = scraper;
  }

  @Override
  public void targets(TargetsRequest request, StreamObserver<TargetsResponse> observer) {
    TargetsResponse.Builder response = TargetsResponse.newBuilder();
    for (Map.Entry<String, Stream<Target>> job : jobs(request.getState())) {
      Targets.Builder targets = Targets.newBuilder();
      job.getValue().forEach(targets::addTargets);
      response.putTargets(job.getKey(), targets.build());
    }
    observer.onNext(response.build());
    observer.onCompleted();
  }

  /** Returns the targets of each job, made one at a time. */
  List<Map.Entry<String, Stream<Target>>> jobs(TargetsRequest.State state) {
    List<Map.Entry<String, Stream<Target>>> jobs = new ArrayList<>();
    for (ScraperSnapshot.Job job : scraper.snapshot().jobs()) {
      Stream<Target> active =
          state == TargetsRequest.State.STATE_DROPPED
              ? Stream.empty()
              : job.targets().stream().map(TargetsService::target);
      Stream<Target> dropped =
          state == TargetsRequest.State.STATE_ACTIVE
              ? Stream.empty()
              : job.dropped().stream().map(TargetsService::dropped);
      jobs.add(Map.entry(job.name(), Stream.concat(active, dropped)));
    }
    return jobs;
  }

  private static Target dropped(Dropped dropped) {
    return Target.newBuilder()
        .setDiscoveredLabels(discovered(dropped.discovered()))
        .setLabels(LabelSet.getDefaultInstance())
        .setLastScrape(NEVER)
        .setLastScrapeDuration(Duration.getDefaultInstance())
        .build();
  }

  private static Target target(TargetStatus status) {
    Target.Builder target =
        Target.newBuilder()
            .setDiscoveredLabels(discovered(status.target().discovered()))
            .setLabels(labels(status.target().labels(), label -> !label.name().startsWith("__")))
            .setLastScrape(NEVER)
            .setLastScrapeDuration(Duration.getDefaultInstance())
            .setUrl(status.target().uri().toString())
            .setHealth(
                switch (status.health()) {
                  case UP -> Target.Health.HEALTH_GOOD;
                  case DOWN -> Target.Health.HEALTH_BAD;
                  default -> Target.Health.HEALTH_UNKNOWN_UNSPECIFIED;
                })
            .setLastError(status.lastError());
    if (status.last().isPresent()) {
      ScrapeReport last = status.last().get();
      Instant start = last.start();
      target
          .setLastScrape(
              Timestamp.newBuilder().setSeconds(start.getEpochSecond()).setNanos(start.getNano()))
          .setLastScrapeDuration(
              Duration.newBuilder()
                  .setSeconds(last.duration().toSeconds())
                  .setNanos(last.duration().toNanosPart()));
    }
    return target.build();
  }

  /** Returns the labels before relabelling, without those that only this scraper has. */
  private static LabelSet discovered(dev.psc.label.LabelSet labels) {
    return labels(labels, label -> !OWN_LABELS.contains(label.name()));
  }

  private static LabelSet labels(dev.psc.label.LabelSet labels, Predicate<Label> shown) {
    LabelSet.Builder set = LabelSet.newBuilder();
    for (Label label : labels) {
      if (shown.test(label)) {
        set.addLabels(
            dev.psc.store.proto.profilestore.Label.newBuilder()
                .setName(label.name())
                .setValue(label.value()));
      }
    }
    return set.build();
  }
}
