package dev.psc.jvm.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.profile.JvmProfile;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EventCounterTest {

  private final Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
  private final List<String> received = new ArrayList<>();

  private final CpuWeigher weigher =
      new CpuWeigher() {
        @Override
        public void sample(long thread, boolean virtual, boolean inNative, int stack, int labels) {
          received.add("sample of " + thread + (inNative ? " in native code" : " in Java"));
        }

        @Override
        public void sampledAt(boolean inNative, long nanos) {
          received.add((inNative ? "native code at " : "Java at ") + nanos);
        }

        @Override
        public void timed(long thread, boolean virtual, int stack, int labels, long nanos) {
          received.add("timed");
        }
      };

  private static JfrEvent sampleOf(JfrThreads.Known thread, long startNanos) {
    return (JfrEvent)
        Proxy.newProxyInstance(
            JfrEvent.class.getClassLoader(),
            new Class<?>[] {JfrEvent.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "thread" -> thread;
                  case "startNanos" -> startNanos;
                  case "stack" -> 0;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  @Test
  void timesOfSamplesAreTakenAlsoFromThreadsOfTheProfiler() {
    aggregator.open(Set.of(JvmProfile.PROCESS_CPU), 0);
    EventCounter counter =
        new EventCounter(
            aggregator, CaptureSettings.builder().build(), weigher, ThreadLabels.SHARED);
    counter
        .handlers()
        .get("jdk.ExecutionSample")
        .accept(sampleOf(new JfrThreads.Known(7, false, false, 0), 1_000));
    counter
        .handlers()
        .get("jdk.NativeMethodSample")
        .accept(sampleOf(new JfrThreads.Known(8, true, false, 0), 2_000));
    assertThat(received)
        .containsExactly(
            "Java at 1000",
            "sample of 7 in Java",
            "native code at 2000",
            "sample of 8 in native code");
  }
}
