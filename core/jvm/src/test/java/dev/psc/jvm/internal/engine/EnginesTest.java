package dev.psc.jvm.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.NativeProfiler;
import dev.psc.jvm.profile.ProfilingEngine;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class EnginesTest {

  private static final Capture ASYNC = capture();
  private static final Capture JFR = capture();

  private final AtomicInteger searches = new AtomicInteger();
  private final AtomicReference<String> flightRecorder = new AtomicReference<>("not opened");

  private static Capture capture() {
    return (Capture)
        Proxy.newProxyInstance(
            Capture.class.getClassLoader(),
            new Class<?>[] {Capture.class},
            (self, method, arguments) ->
                method.getName().equals("equals") ? self == arguments[0] : null);
  }

  private Capture choose(
      ProfilingEngine engine,
      Supplier<Optional<NativeProfiler>> finder,
      Engines.NativeOpener asyncProfiler) {
    return new Engines(
            () -> {
              searches.incrementAndGet();
              return finder.get();
            },
            asyncProfiler,
            (settings, threads, whenClosed) -> {
              flightRecorder.set(settings.flightRecorder());
              return JFR;
            })
        .choose(CaptureSettings.builder().engine(engine).build(), OwnThreads.daemons(), () -> {});
  }

  private static Optional<NativeProfiler> found() {
    return Optional.of(new FakeProfiler());
  }

  private static Capture refuse() {
    throw new CaptureUnavailableException("perf events are refused");
  }

  @Test
  void theFlightRecorderNeedsNoOtherEngine() {
    assertThat(
            choose(ProfilingEngine.JFR, EnginesTest::found, (found, s, t, closed) -> ASYNC) == JFR)
        .isTrue();
    assertThat(searches).hasValue(0);
    assertThat(flightRecorder).hasValue("jfr");
  }

  @Test
  void asyncProfilerIsUsedIfItStarts() {
    for (ProfilingEngine engine :
        new ProfilingEngine[] {ProfilingEngine.ASYNC_PROFILER, ProfilingEngine.AUTO}) {
      assertThat(choose(engine, EnginesTest::found, (found, s, t, closed) -> ASYNC) == ASYNC)
          .isTrue();
    }
    assertThat(flightRecorder).hasValue("not opened");
  }

  @Test
  void anEngineThatDoesNotStartIsReplacedAndTheReasonIsShown() {
    Capture chosen =
        choose(
            ProfilingEngine.ASYNC_PROFILER, EnginesTest::found, (found, s, t, closed) -> refuse());
    assertThat(chosen == JFR).isTrue();
    assertThat(flightRecorder)
        .hasValue("jfr, because async-profiler cannot be used: perf events are refused");
  }

  @Test
  void anArtifactThatIsMissingIsNamed() {
    Capture chosen =
        choose(ProfilingEngine.ASYNC_PROFILER, Optional::empty, (found, s, t, closed) -> ASYNC);
    assertThat(chosen == JFR).isTrue();
    assertThat(flightRecorder.get()).endsWith("psc-jvm-async-profiler is not on the class path");
  }

  @Test
  void autoTakesTheFlightRecorderWithoutARemark() {
    assertThat(choose(ProfilingEngine.AUTO, Optional::empty, (found, s, t, closed) -> ASYNC) == JFR)
        .isTrue();
    assertThat(flightRecorder).hasValue("jfr");
  }
}
