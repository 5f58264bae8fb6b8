package dev.psc.scraper.server;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.store.proto.profilestore.ExecutableInfo;
import dev.psc.store.proto.profilestore.Label;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/**
 * The gRPC method {@code ProfileStoreService/WriteRaw}: profiles that other programs send to the
 * scraper's port are sent to the store, through the same queue as its own. A successful call means
 * that they are queued.
 */
public final class ForwardService extends ProfileStoreServiceGrpc.ProfileStoreServiceImplBase {

  private final ProfileReceiver queue;

  /**
   * @param queue receives the profiles; not closed by this
   */
  public ForwardService(ProfileReceiver queue) {
    this.queue = queue;
  }

  @Override
  public void writeRaw(WriteRawRequest request, StreamObserver<WriteRawResponse> observer) {
    List<RawProfile> profiles = new ArrayList<>();
    try {
      for (RawProfileSeries series : request.getSeriesList()) {
        LabelSet labels = labels(series.getLabels());
        for (RawSample sample : series.getSamplesList()) {
          profiles.add(profile(labels, sample, request.getNormalized()));
        }
      }
    } catch (IllegalArgumentException e) {
      observer.onError(
          Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
      return;
    }
    for (RawProfile profile : profiles) {
      if (queue.accept(profile) instanceof Acceptance.Refused refused) {
        observer.onError(
            Status.RESOURCE_EXHAUSTED
                .withDescription(refused.reason() + ": " + refused.message())
                .asRuntimeException());
        return;
      }
    }
    observer.onNext(WriteRawResponse.getDefaultInstance());
    observer.onCompleted();
  }

  private static LabelSet labels(dev.psc.store.proto.profilestore.LabelSet given) {
    LabelSet.Builder labels = LabelSet.builder();
    for (Label label : given.getLabelsList()) {
      labels.set(label.getName(), label.getValue());
    }
    return labels.build();
  }

  private static RawProfile profile(LabelSet labels, RawSample sample, boolean normalized) {
    return RawProfile.builder(labels, sample.getRawProfile().toByteArray())
        .normalizedAddresses(normalized)
        .executableInfo(
            sample.getExecutableInfoList().stream().map(ForwardService::executable).toList())
        .build();
  }

  private static RawProfile.ExecutableInfo executable(ExecutableInfo info) {
    return new RawProfile.ExecutableInfo(
        info.getElfType(), info.getLoadSegment().getOffset(), info.getLoadSegment().getVaddr());
  }
}
