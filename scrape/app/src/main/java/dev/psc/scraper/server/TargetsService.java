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
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

  /** The largest message that gRPC clients accept by default. */
  static final int MAX_BYTES = 4 << 20;

  /** Limit on the responses that clients have not read yet, each of at most {@link #MAX_BYTES}. */
  static final int MAX_UNREAD = 4;

  private final Scraper scraper;
  private final Semaphore unread = new Semaphore(MAX_UNREAD);

  public TargetsService(Scraper scraper) {
    this.scraper = scraper;
  }

  @Override
  public void targets(TargetsRequest request, StreamObserver<TargetsResponse> observer) {
    if (!unread.tryAcquire()) {
      observer.onError(exhausted("more than " + MAX_UNREAD + " calls of Targets are open"));
      return;
    }
    AtomicBoolean open = new AtomicBoolean(true);
    Runnable release =
        () -> {
          if (open.getAndSet(false)) {
            unread.release();
          }
        };
    var call = (ServerCallStreamObserver<TargetsResponse>) observer;
    call.setOnCancelHandler(release);
    call.setOnCloseHandler(release);
    try {
      TargetsResponse response = response(request.getState());
      if (response == null) {
        observer.onError(
            exhausted(
                "the targets exceed "
                    + (MAX_BYTES >> 20)
                    + " MiB: request only STATE_ACTIVE, or pages of /api/status"));
        return;
      }
      observer.onNext(response);
      observer.onCompleted();
    } catch (RuntimeException | Error e) {
      release.run();
      throw e;
    }
  }

  private static StatusRuntimeException exhausted(String description) {
    return Status.RESOURCE_EXHAUSTED.withDescription(description).asRuntimeException();
  }

  /** Returns the response, or null if it would be too large. */
  private @Nullable TargetsResponse response(TargetsRequest.State state) {
    TargetsResponse.Builder response = TargetsResponse.newBuilder();
    long bytes = 0;
    for (Map.Entry<String, Stream<Target>> job : jobs(state)) {
      Targets.Builder targets = Targets.newBuilder();
      for (Iterator<Target> all = job.getValue().iterator(); all.hasNext(); ) {
        Target target = all.next();
        bytes += target.getSerializedSize();
        if (bytes > MAX_BYTES) {
          return null;
        }
        targets.addTargets(target);
      }
      response.putTargets(job.getKey(), targets.build());
    }
    TargetsResponse complete = response.build();
    return complete.getSerializedSize() > MAX_BYTES ? null : complete;
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
