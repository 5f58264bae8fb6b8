package dev.psc.jvm.internal.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PprofEncoderTest {

  private static Profile encode(JvmProfile kind, long first, long second) throws Exception {
    Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
    Window window = aggregator.open(Set.of(kind), 0);
    aggregator.add(kind, aggregator.stackPool().stackOf("leaf"), 0, first, second);
    return Profile.parse(
        PprofEncoder.encode(kind, 10, 1, 0, List.of(), aggregator.snapshot(window, kind, 1)));
  }

  @Test
  void leakSuspectsOpenWithTheNumberOfObjects() throws Exception {
    assertThat(encode(JvmProfile.LEAK_SUSPECTS, 9, 0).defaultSampleType()).isEqualTo("samples");
    assertThat(encode(JvmProfile.LEAK_SUSPECTS, 9, 4_096).defaultSampleType()).isEqualTo("samples");
  }

  @Test
  void thePeriodOfLeakSuspectsIsAnObject() {
    assertThat(JvmProfile.LEAK_SUSPECTS.periodType()).isEqualTo("objects/count");
  }
}
