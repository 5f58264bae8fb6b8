package dev.psc.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.otlp.reader.ExportProfilesServiceRequest;
import dev.psc.otlp.reader.KeyValue;
import dev.psc.otlp.reader.OtlpProfile;
import dev.psc.otlp.reader.ProfilesDictionary;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.format.PprofException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OtlpEncoderTest {

  private static final LabelSet CPU =
      LabelSet.of(
          LabelSet.NAME,
          "process_cpu",
          "service_name",
          "checkout",
          "instance",
          "pod-1",
          "zone",
          "a");

  private static ExportProfilesServiceRequest encode(boolean payload, RawProfile... batch)
      throws Exception {
    return ExportProfilesServiceRequest.parseFrom(OtlpEncoder.encode(List.of(batch), payload, "1"));
  }

  private static byte[] pprof() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("samples", "count");
    profile.sampleType("cpu", "nanoseconds");
    profile.periodType("cpu", "nanoseconds", 10_000_000);
    profile.timeNanos(1_700_000_000_000_000_000L).durationNanos(10_000_000_000L);
    profile.comment("a comment");
    int jvm = profile.mapping("java", "a1b2");
    int inner = profile.location(jvm, 0, profile.function("A.b", "", "A.java", 3), 7);
    int outer = profile.location(jvm, 0, profile.function("A.main", "", "A.java", 1), 2);
    int link =
        profile.labels(
            "trace_id",
            "0123456789abcdef0123456789abcdef",
            "span_id",
            "fedcba9876543210",
            "thread",
            "main");
    profile.sample(new int[] {inner, outer}, 0, 2, link, 3, 30_000_000);
    profile.sample(
        new int[] {outer}, 0, 1, profile.withNumber(0, "bytes", 512, "bytes"), 0, 10_000_000);
    profile.sample(new int[] {inner}, 0, 1, ProfileBuilder.NO_LABELS, 0, 0);
    return profile.build();
  }

  @Test
  void profilesAreResourcesWithSampleTypes() throws Exception {
    ExportProfilesServiceRequest request = encode(false, RawProfile.of(CPU, pprof()));
    Map<String, String> resource = new TreeMap<>();
    for (KeyValue attribute : request.getResourceProfiles(0).getResource().getAttributesList()) {
      resource.put(attribute.getKey(), attribute.getValue().getStringValue());
    }
    assertThat(resource)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("service.name", "checkout", "service.instance.id", "pod-1", "zone", "a"));
    ProfilesDictionary dictionary = request.getDictionary();
    List<OtlpProfile> profiles = ReadRequest.profiles(request);
    assertThat(profiles)
        .extracting(p -> dictionary.getStringTable(p.getSampleType().getTypeStrindex()))
        .containsExactly("samples", "cpu");
    OtlpProfile cpu = profiles.get(1);
    assertThat(cpu.getTimeUnixNano()).isEqualTo(1_700_000_000_000_000_000L);
    assertThat(cpu.getDurationNano()).isEqualTo(10_000_000_000L);
    assertThat(cpu.getPeriod()).isEqualTo(10_000_000);
    assertThat(dictionary.getStringTable(cpu.getPeriodType().getUnitStrindex()))
        .isEqualTo("nanoseconds");
    assertThat(cpu.getProfileId().size()).isEqualTo(16);
    assertThat(cpu.getOriginalPayload().isEmpty()).isTrue();
    assertThat(cpu.getAttributeIndicesList())
        .extracting(at -> dictionary.getAttributeTable(at))
        .extracting(attribute -> dictionary.getStringTable(attribute.getKeyStrindex()))
        .containsExactly("profile.name", "pprof.profile.comment");
  }

  @Test
  void everyTableBeginsWithTheEntryForNothing() throws Exception {
    ProfilesDictionary dictionary = encode(false, RawProfile.of(CPU, pprof())).getDictionary();
    assertThat(dictionary.getStringTable(0)).isEmpty();
    assertThat(dictionary.getMappingTable(0).getSerializedSize()).isZero();
    assertThat(dictionary.getLocationTable(0).getSerializedSize()).isZero();
    assertThat(dictionary.getFunctionTable(0).getSerializedSize()).isZero();
    assertThat(dictionary.getLinkTable(0).getSerializedSize()).isZero();
    assertThat(dictionary.getAttributeTable(0).getSerializedSize()).isZero();
    assertThat(dictionary.getStackTable(0).getSerializedSize()).isZero();
  }

  @Test
  void samplesEqualThoseOfThePprof() throws Exception {
    byte[] pprof = pprof();
    ExportProfilesServiceRequest request = encode(false, RawProfile.of(CPU, pprof));
    assertThat(ReadRequest.samples(request.getDictionary(), ReadRequest.profiles(request)))
        .isEqualTo(ReadRequest.samples(Profile.parse(pprof)));
    assertThat(request.getDictionary().getLinkTableCount()).isEqualTo(2);
  }

  @Test
  void aBatchHasNothingOfTheBatchBeforeIt() throws Exception {
    RawProfile cpu = RawProfile.of(CPU, pprof());
    ProfileBuilder other = ProfileBuilder.create();
    other.sampleType("inuse_space", "bytes");
    int location = other.location(0, 0, other.function("C.d", "", "C.java", 0), 1);
    other.sample(new int[] {location}, 0, 1, other.labels("pool", "eden"), 7);
    RawProfile heap = RawProfile.of(CPU.with(LabelSet.NAME, "heap"), other.build());
    encode(false, cpu);
    ExportProfilesServiceRequest request = encode(false, heap);
    assertThat(request.getDictionary().getStringTableList())
        .contains("C.d", "pool")
        .doesNotContain("A.b", "thread");
    assertThat(request.getDictionary().getLinkTableCount()).isEqualTo(1);
    assertThat(ReadRequest.samples(request.getDictionary(), ReadRequest.profiles(request)))
        .isEqualTo(ReadRequest.samples(Profile.parse(heap.pprof())));
  }

  /** Ids that are not 1, 2, 3…, lists that are not packed, and a text that is not UTF-8. */
  @Test
  void unusualFormsOfPprofAreConvertedToo() throws Exception {
    WireWriter out = new WireWriter(64);
    int type = out.begin(1);
    out.varint(1, 1);
    out.varint(2, 2);
    out.end(type);
    for (long id : new long[] {700, 9_000_000_000L}) {
      int sample = out.begin(2);
      out.varint(1, id);
      out.varint(1, 700);
      out.varint(2, id == 700 ? 3 : 4);
      out.end(sample);
      int location = out.begin(4);
      out.varint(1, id);
      int line = out.begin(4);
      out.varint(1, id == 700 ? 7 : 5);
      out.varint(2, 11);
      out.end(line);
      out.end(location);
    }
    for (int id : new int[] {5, 7}) {
      int function = out.begin(5);
      out.varint(1, id);
      out.varint(2, id == 5 ? 3 : 4);
      out.end(function);
    }
    for (String text : List.of("", "samples", "count", "A.b")) {
      out.text(6, text);
    }
    out.bytes(6, new byte[] {'B', (byte) 0xFF});
    out.varint(9, 1);
    byte[] pprof = out.toByteArray();
    ExportProfilesServiceRequest request = encode(false, RawProfile.of(CPU, pprof));
    Map<String, List<Long>> samples =
        ReadRequest.samples(request.getDictionary(), ReadRequest.profiles(request));
    assertThat(samples).isEqualTo(ReadRequest.samples(Profile.parse(pprof))).hasSize(2);
    assertThat(request.getDictionary().getStringTableList()).contains("B\uFFFD");
  }

  @Test
  void thePprofItselfIsThereIfWanted() throws Exception {
    byte[] pprof = pprof();
    OtlpProfile first = ReadRequest.profiles(encode(true, RawProfile.of(CPU, pprof))).get(0);
    assertThat(first.getOriginalPayloadFormat()).isEqualTo("pprof");
    assertThat(first.getOriginalPayload().toByteArray()).isEqualTo(pprof);
  }

  @Test
  void profilesOfOneResourceShareItAndTheirTables() throws Exception {
    ExportProfilesServiceRequest request =
        encode(
            false,
            RawProfile.of(CPU, pprof()),
            RawProfile.of(CPU.with(LabelSet.NAME, "wall"), pprof()),
            RawProfile.of(CPU.with("instance", "pod-2"), pprof()));
    assertThat(request.getResourceProfilesCount()).isEqualTo(2);
    assertThat(ReadRequest.profiles(request)).hasSize(6);
    assertThat(request.getDictionary().getFunctionTableCount()).isEqualTo(3);
  }

  @Test
  void ourOwnReaderReturnsTheSamePprof() throws Exception {
    byte[] request = OtlpEncoder.encode(List.of(RawProfile.of(CPU, pprof())), false, "1");
    List<RawProfile> decoded = OtlpProfileSink.decode(request);
    assertThat(decoded).hasSize(1);
    assertThat(decoded.get(0).labels()).isEqualTo(CPU);
    Profile profile = Profile.parse(decoded.get(0).pprof());
    assertThat(ReadRequest.samples(profile)).isEqualTo(ReadRequest.samples(Profile.parse(pprof())));
    assertThat(profile.comments()).containsExactly("a comment");
    assertThat(profile.period()).isEqualTo(10_000_000);
  }

  @Test
  void ourOwnReaderReturnsAProfileThatARequestHasTwice() throws Exception {
    RawProfile profile = RawProfile.of(CPU, pprof());
    List<RawProfile> decoded =
        OtlpProfileSink.decode(OtlpProfileSink.encode(List.of(profile, profile)));
    assertThat(decoded).hasSize(2);
    for (RawProfile raw : decoded) {
      assertThat(Profile.parse(raw.pprof()).totals())
          .isEqualTo(Profile.parse(profile.pprof()).totals());
    }
  }

  @Test
  void readingAnotherProtocolSaysSo() {
    assertThatThrownBy(() -> OtlpProfileSink.decode(new byte[] {10, 2, 18, 0}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("opentelemetry-proto 1.10");
    assertThatThrownBy(() -> OtlpProfileSink.decode(new byte[] {10, 50, 1}))
        .hasMessageContaining("opentelemetry-proto 1.10");
  }

  /** Each profile of the corpus, where it is there: totals, stacks and labels are the same. */
  @Test
  void everyProfileOfTheCorpusSurvivesTheConversion() throws Exception {
    Path corpus = null;
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve("shared/corpus/pprof"))) {
        corpus = at.resolve("shared/corpus/pprof");
        break;
      }
    }
    assumeTrue(corpus != null, "there is no corpus of profiles here");
    int converted = 0;
    List<Path> files;
    try (Stream<Path> walk = Files.walk(corpus)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      byte[] pprof = Files.readAllBytes(file);
      Profile profile;
      try {
        profile = Profile.parse(pprof);
      } catch (PprofException e) {
        continue; // the corpus has damaged ones too
      }
      ExportProfilesServiceRequest request = encode(false, RawProfile.of(CPU, pprof));
      Map<String, List<Long>> written =
          ReadRequest.samples(request.getDictionary(), ReadRequest.profiles(request));
      assertThat(written.equals(ReadRequest.samples(profile))).as(file.toString()).isTrue();
      converted++;
    }
    assertThat(converted).isPositive();
  }
}
