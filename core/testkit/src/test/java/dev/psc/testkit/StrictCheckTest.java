package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.repair.Repair;
import dev.psc.pprof.repair.RepairAction;
import dev.psc.pprof.repair.Repaired;
import dev.psc.store.proto.profilestore.ExecutableInfo;
import dev.psc.store.proto.profilestore.Label;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests each reason why a Parca-compatible store rejects a request. */
class StrictCheckTest {

  private final StrictCheck check = new StrictCheck();

  @Test
  void takesAGoodRequest() throws Exception {
    assertThat(check.check(request(good(), "__name__", "process_cpu", "job", "web")))
        .singleElement()
        .satisfies(
            profile -> {
              assertThat(profile.labels())
                  .isEqualTo(LabelSet.of("__name__", "process_cpu", "job", "web"));
              assertThat(profile.timeNanos()).isEqualTo(1_764_000_000_000_000_000L);
            });
  }

  @Test
  void takesARequestWithoutSeries() throws Exception {
    assertThat(check.check(WriteRawRequest.getDefaultInstance())).isEmpty();
  }

  @Test
  void takesAProfileWithoutATime() throws Exception {
    TinyPprof old = new TinyPprof().sample("main", 1, 2);
    old.timeNanos = 0;

    assertThat(check.check(request(old.gzip(), "__name__", "process_cpu")))
        .singleElement()
        .satisfies(profile -> assertThat(profile.timeNanos()).isZero());
  }

  @Test
  void refusesASeriesWithoutAName() {
    refuses(request(good(), "job", "web"), "__name__");
    refuses(request(good(), "__name__", "", "job", "web"), "__name__");
  }

  @ParameterizedTest
  @ValueSource(strings = {"my-app", "0day", "a b", "", "ä", "a.b", "a:b"})
  void refusesAnIllegalLabelName(String name) {
    refuses(request(good(), "__name__", "process_cpu", name, "x"), "label name");
  }

  @Test
  void refusesALabelThatStandsTwice() {
    refuses(request(good(), "__name__", "process_cpu", "a", "1", "a", "2"), "duplicate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"process-cpu", "process cpu", "a/b", "0cpu", "a:b"})
  void refusesANameThatMakesNoProfileType(String name) {
    refuses(request(good(), "__name__", name), "profile type");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu-time", "cpu time", "a/b"})
  void refusesATypeThatMakesNoProfileType(String type) {
    TinyPprof odd = new TinyPprof().sample("main", 1, 2);
    odd.strings.set(3, type);

    refuses(request(odd.gzip(), "__name__", "process_cpu"), "sample_type_name");
  }

  @Test
  void refusesAProfileWithoutAPeriodType() {
    TinyPprof odd = new TinyPprof().sample("main", 1, 2);
    odd.periodType = false;

    refuses(request(odd.gzip(), "__name__", "process_cpu"), "period_type_name");
  }

  @Test
  void takesLabelsOfSamplesThatItRenames() throws Exception {
    ProfileBuilder odd = ProfileBuilder.create();
    odd.sampleType("cpu", "nanoseconds");
    odd.periodType("cpu", "nanoseconds", 1).timeNanos(7);
    odd.sample(new int[0], 0, 0, odd.labels("http.route", "/", "http_route", "/cart"), 5);
    byte[] pprof = odd.build();

    assertThat(check.check(request(pprof, "__name__", "process_cpu"))).hasSize(1);
    Repaired repaired = Repair.repair(pprof);
    assertThat(check.check(request(repaired.bytes(), "__name__", "process_cpu"))).hasSize(1);
    assertThat(repaired.actions())
        .containsExactly(
            new RepairAction(
                "label_name",
                "renamed label \"http.route\" to http_route_2, as another label is http_route"));
  }

  @Test
  void refusesIdsThatDoNotCountUp() {
    TinyPprof sparse = new TinyPprof().sample("a", 1, 2).sample("b", 1, 2);
    sparse.functionIdStep = 7;

    refuses(request(sparse.gzip(), "__name__", "process_cpu"), "function_id_order");
  }

  @Test
  void refusesAStringTableThatDoesNotStartEmpty() {
    TinyPprof odd = new TinyPprof().sample("main", 1, 2);
    odd.strings.set(0, "x");

    refuses(request(odd.gzip(), "__name__", "process_cpu"), "first_string");
  }

  @Test
  void refusesAWrongNumberOfValues() {
    refuses(
        request(new TinyPprof().sample("main", 1, 2, 3).gzip(), "__name__", "process_cpu"),
        "value_count");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>no</html>", "goroutine profile: total 3\n"})
  void refusesWhatIsNoProfile(String body) {
    refuses(
        request(body.getBytes(StandardCharsets.UTF_8), "__name__", "process_cpu"),
        "invalid profile");
  }

  @Test
  void refusesExecutableInfosThatDoNotMatchTheMappings() {
    WriteRawRequest.Builder request = request(good(), "__name__", "process_cpu").toBuilder();
    request
        .getSeriesBuilder(0)
        .getSamplesBuilder(0)
        .addExecutableInfo(ExecutableInfo.getDefaultInstance());

    refuses(request.build(), "executable infos");
  }

  private void refuses(WriteRawRequest request, String words) {
    assertThatThrownBy(() -> check.check(request))
        .isInstanceOf(StrictCheck.RefusedException.class)
        .hasMessageContaining(words);
  }

  private static byte[] good() {
    return new TinyPprof().sample("main", 1, 10_000_000).gzip();
  }

  private static WriteRawRequest request(byte[] pprof, String... labels) {
    var set = dev.psc.store.proto.profilestore.LabelSet.newBuilder();
    for (int i = 0; i < labels.length; i += 2) {
      set.addLabels(Label.newBuilder().setName(labels[i]).setValue(labels[i + 1]));
    }
    return WriteRawRequest.newBuilder()
        .addSeries(
            RawProfileSeries.newBuilder()
                .setLabels(set)
                .addSamples(RawSample.newBuilder().setRawProfile(ByteString.copyFrom(pprof))))
        .build();
  }
}
