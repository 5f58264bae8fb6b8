package dev.psc.scrape.internal.transform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.spi.ProfileTransform.Result;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InflationBudgetTest {

  private static final PprofLimits LIMITS = PprofLimits.defaults();

  private static RawProfile profile(int nameLength) {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    String name = "f".repeat(nameLength);
    int function = profile.function(name, name, "f.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 1);
    return RawProfile.builder(LabelSet.of("__name__", "cpu"), profile.build()).timeNanos(1).build();
  }

  private static Validation validation(InflationBudget budget) {
    return new Validation(LIMITS, null, null, budget);
  }

  @Test
  void largeProfilesAreInflatedOneAtATime() throws Exception {
    InflationBudget budget = new InflationBudget(1_000, 1 << 20);
    budget.enter();
    CompletableFuture<Result> large =
        CompletableFuture.supplyAsync(() -> validation(budget).apply(profile(5_000)));
    assertThat(validation(budget).apply(profile(10))).isInstanceOf(Result.Pass.class);
    assertThat(large).isNotDone();
    budget.leave();
    assertThat(large.get(30, TimeUnit.SECONDS)).isInstanceOf(Result.Pass.class);
  }

  @Test
  void aProfileBeyondTheHeapsPartIsRejectedWhateverTheLimit() {
    Result result = validation(new InflationBudget(1_000, 4_000)).apply(profile(50_000));
    assertThat(result).isInstanceOf(Result.Reject.class);
    Result.Reject rejected = (Result.Reject) result;
    assertThat(rejected.reason()).isEqualTo(PprofException.TOO_LARGE);
    assertThat(rejected.message()).contains("the heap allows 4000 inflated bytes", "-Xmx");
  }

  @Test
  void theConfiguredLimitStillHolds() {
    Validation limited =
        new Validation(
            LIMITS.withInflatedBytes(2_000), null, null, new InflationBudget(1_000, 1 << 20));
    Result result = limited.apply(profile(50_000));
    assertThat(((Result.Reject) result).message()).contains("inflated_size_limit");
  }

  @Test
  void isAPartOfTheHeap() {
    InflationBudget small = InflationBudget.ofHeap(64L << 20, 2);
    assertThat(2 * small.concurrentBytes() + small.largeBytes()).isLessThan((64L << 20) / 4);
    assertThat(InflationBudget.ofHeap(288L << 20, 2).largeBytes()).isEqualTo(48L << 20);
  }
}
