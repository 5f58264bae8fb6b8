package dev.psc.auth;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of one attempt of a call: those of the caller, if any, then those of the
 * interceptor. Records the token that was used.
 */
final class CallAttempt extends CallCredentials {

  private final PscCallCredentials ours;
  private final @Nullable CallCredentials callersOwn;
  private volatile @Nullable Status refusal;
  private volatile @Nullable BearerToken used;

  CallAttempt(PscCallCredentials ours, @Nullable CallCredentials callersOwn) {
    this.ours = ours;
    this.callersOwn = callersOwn;
  }

  /** Checks the headers of the call; called before it starts. */
  void check(Metadata headers) {
    String name = ours.conflict(headers);
    if (name != null) {
      // Fails the call instead of throwing, so that the caller receives a status.
      refusal = PscCallCredentials.conflictStatus(name);
    }
  }

  /** Returns the token of this attempt, or null if none was sent. */
  @Nullable BearerToken used() {
    return used;
  }

  @Override
  public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
    Status refused = refusal;
    if (refused != null) {
      applier.fail(refused);
      return;
    }
    if (callersOwn == null) {
      used = ours.apply(info, applier);
      return;
    }
    callersOwn.applyRequestMetadata(
        info,
        executor,
        new MetadataApplier() {
          @Override
          public void apply(Metadata theirs) {
            String name = ours.conflict(theirs);
            if (name != null) {
              applier.fail(PscCallCredentials.conflictStatus(name));
              return;
            }
            used =
                ours.apply(
                    info,
                    new MetadataApplier() {
                      @Override
                      public void apply(Metadata added) {
                        Metadata all = new Metadata();
                        all.merge(theirs);
                        all.merge(added);
                        applier.apply(all);
                      }

                      @Override
                      public void fail(Status status) {
                        applier.fail(status);
                      }
                    });
          }

          @Override
          public void fail(Status status) {
            applier.fail(status);
          }
        });
  }
}
