package dev.psc.testkit;

import dev.psc.auth.iam.Caller;
import dev.psc.auth.iam.IamServerInterceptor;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code WriteRaw} service of a strict store, with injected faults. */
final class StoreService extends ProfileStoreServiceGrpc.ProfileStoreServiceImplBase {

  private static final Logger logger = LoggerFactory.getLogger(StoreService.class);

  final AtomicLong requests = new AtomicLong();
  final AtomicLong refused = new AtomicLong();
  private final StoreContents contents;
  private final StoreFaults faults;
  private final StrictCheck check;
  private final ScheduledExecutorService timer;

  StoreService(
      StoreContents contents,
      StoreFaults faults,
      StrictCheck check,
      ScheduledExecutorService timer) {
    this.contents = contents;
    this.faults = faults;
    this.check = check;
    this.timer = timer;
  }

  @Override
  public void writeRaw(WriteRawRequest request, StreamObserver<WriteRawResponse> observer) {
    write(() -> check.check(request), failure -> answer(observer, failure));
  }

  /** Reads the profiles of a request. */
  interface Reading {
    List<RawProfile> profiles() throws StrictCheck.RefusedException;
  }

  /** Stores the profiles of a request, or fails as a test demands, and answers. */
  void write(Reading reading, Consumer<@Nullable StatusRuntimeException> observer) {
    requests.incrementAndGet();
    StoreFaults.Fault fault = faults.next();
    if (fault != null && fault.kind() == StoreFaults.Kind.HANG) {
      faults.hung(
          () ->
              tell(
                  observer,
                  Status.UNAVAILABLE
                      .withDescription("unanswered call ended by StoreFaults.clear()")
                      .asRuntimeException()));
      return;
    }
    StatusRuntimeException failure;
    if (fault != null && fault.kind() == StoreFaults.Kind.FAIL) {
      failure = failure(fault);
    } else {
      failure = store(reading);
      if (failure == null && fault != null) {
        failure = failure(fault);
      }
    }
    if (failure != null) {
      refused.incrementAndGet();
    }
    StatusRuntimeException answer = failure;
    Duration delay = faults.delay();
    if (delay.isZero()) {
      tell(observer, answer);
    } else {
      var unused =
          timer.schedule(() -> tell(observer, answer), delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private static StatusRuntimeException failure(StoreFaults.Fault fault) {
    Metadata trailers = fault.trailers();
    return fault.status().asRuntimeException(trailers == null ? new Metadata() : trailers);
  }

  private @Nullable StatusRuntimeException store(Reading reading) {
    Caller caller = IamServerInterceptor.CALLER.get();
    if (caller == null) {
      return Status.INTERNAL
          .withDescription("the call was not checked by the interceptor")
          .asRuntimeException();
    }
    try {
      List<RawProfile> batch = reading.profiles();
      for (RawProfile profile : batch) {
        if (faults.poison().test(profile)) {
          return Status.INVALID_ARGUMENT
              .withDescription("invalid profile: poisoned for the test")
              .asRuntimeException();
        }
      }
      contents.add(caller.project(), batch);
      return null;
    } catch (StrictCheck.RefusedException e) {
      return Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
    } catch (IOException e) {
      logger.warn("Cannot write a profile", e);
      return Status.INTERNAL.withDescription("cannot write a profile").asRuntimeException();
    }
  }

  private static void answer(
      StreamObserver<WriteRawResponse> observer, @Nullable StatusRuntimeException failure) {
    if (failure != null) {
      observer.onError(failure);
    } else {
      observer.onNext(WriteRawResponse.getDefaultInstance());
      observer.onCompleted();
    }
  }

  private static void tell(
      Consumer<@Nullable StatusRuntimeException> observer,
      @Nullable StatusRuntimeException failure) {
    try {
      observer.accept(failure);
    } catch (StatusRuntimeException | IllegalStateException e) {
      // The client has cancelled the call.
      logger.debug("A client did not wait for its answer", e);
    }
  }
}
