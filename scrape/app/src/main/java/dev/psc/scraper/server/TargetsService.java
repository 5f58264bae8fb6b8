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

/** The gRPC service {@code parca.scrape.v1alpha1.ScrapeService/Targets}. */
public final class TargetsService extends ScrapeServiceGrpc.ScrapeServiceImplBase {

  private final Scraper scraper;

  public TargetsService(Scraper scraper) {
    this.scraper = scraper;
  }

  @Override
  public void targets(TargetsRequest request, StreamObserver<TargetsResponse> observer) {
    boolean active = request.getState() != TargetsRequest.State.STATE_DROPPED;
    boolean dropped = request.getState() != TargetsRequest.State.STATE_ACTIVE;
    TargetsResponse.Builder response = TargetsResponse.newBuilder();
    for (ScraperSnapshot.Job job : scraper.snapshot().jobs()) {
      Targets.Builder targets = Targets.newBuilder();
      if (active) {
        job.targets().forEach(status -> targets.addTargets(target(status)));
      }
      if (dropped) {
        for (Dropped one : job.dropped()) {
          targets.addTargets(Target.newBuilder().setDiscoveredLabels(labels(one.discovered())));
        }
      }
      response.putTargets(job.name(), targets.build());
    }
    observer.onNext(response.build());
    observer.onCompleted();
  }

  private static Target target(TargetStatus status) {
    Target.Builder target =
        Target.newBuilder()
            .setDiscoveredLabels(labels(status.target().discovered()))
            .setLabels(labels(status.target().labels()))
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

  private static LabelSet labels(dev.psc.label.LabelSet labels) {
    LabelSet.Builder set = LabelSet.newBuilder();
    for (Label label : labels) {
      set.addLabels(
          dev.psc.store.proto.profilestore.Label.newBuilder()
              .setName(label.name())
              .setValue(label.value()));
    }
    return set.build();
  }
}
