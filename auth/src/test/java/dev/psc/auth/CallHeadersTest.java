package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.grpc.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallHeadersTest {

  private static final String PROJECT = "6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f6";

  @Test
  void readsFlagsAsTheScraperHasThem() {
    CallHeaders headers = CallHeaders.parse(List.of("projectID=" + PROJECT, " X-Team = a=b "));
    assertThat(headers.projectId()).contains(ProjectId.parse(PROJECT));
    assertThat(headers.names()).containsExactlyInAnyOrder("projectid", "x-team");
    Metadata metadata = headers.withoutProjectId().toMetadata();
    assertThat(metadata.keys()).containsExactly("x-team");
    assertThat(metadata.get(Metadata.Key.of("x-team", Metadata.ASCII_STRING_MARSHALLER)))
        .isEqualTo("a=b");
  }

  @Test
  void foldsNamesThatDifferInCaseOnly() {
    assertThat(
            CallHeaders.parse(List.of("projectID=" + PROJECT, "projectid=" + PROJECT))
                .toMetadata()
                .keys())
        .containsExactly("projectid");
    assertThat(CallHeaders.parse(List.of("A=1", "a=1")).names()).containsExactly("a");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CallHeaders.parse(List.of("A=1", "a=2")))
        .withMessageContaining("twice");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                CallHeaders.parse(
                    List.of("projectID=" + PROJECT, "projectid=" + ProjectId.random())))
        .withMessageContaining("different values");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "authorization=Bearer s3cret",
        "Authorization=Bearer s3cret",
        "grpc-timeout=s3cret",
        "content-type=s3cret",
        "te=s3cret",
        "user-agent=s3cret",
        ":path=s3cret",
        "a b=s3cret",
        "ä=s3cret",
        "=s3cret",
        "s3cret",
        "x=s3cret\n",
        "x=s3\tcret",
        "x=s3\0cret",
        "x=s3crét",
        "x-bin=s3cret!",
        "projectID=s3cret"
      })
  void refusesWhatTheTransportWouldDropOrMisread(String assignment) {
    // The end of a value is trimmed as white space, so the line break goes inside.
    String inner = assignment.endsWith("\n") ? assignment + "s3cret" : assignment;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CallHeaders.parse(List.of(inner)))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
  }

  @Test
  void decodesBinaryValues() {
    Metadata metadata = CallHeaders.builder().header("X-Trace-Bin", "aGk=").build().toMetadata();
    assertThat(metadata.get(Metadata.Key.of("x-trace-bin", Metadata.BINARY_BYTE_MARSHALLER)))
        .isEqualTo("hi".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void limitsTheTotal() {
    CallHeaders.Builder builder = CallHeaders.builder().header("a", "x".repeat(6_000));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.header("b", "x".repeat(200)))
        .withMessageContaining("6144");
  }

  @Test
  void printsNoValue() {
    assertThat(CallHeaders.parse(List.of("x-key=s3cret")).toString())
        .contains("x-key")
        .doesNotContain("s3cret");
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {0, 1, 2, 3})
  void whateverIsAcceptedSurvivesTheTrip(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 3_000; i++) {
      StringBuilder name = new StringBuilder();
      StringBuilder value = new StringBuilder();
      for (int n = random.nextInt(6); n >= 0; n--) {
        name.append((char) (random.nextInt(4) == 0 ? random.nextInt(0x100) : 'a' + n));
        value.append((char) random.nextInt(random.nextBoolean() ? 0x100 : 0x7f));
      }
      try {
        Metadata metadata =
            CallHeaders.builder().header(name.toString(), value.toString()).build().toMetadata();
        String key = metadata.keys().iterator().next();
        if (!key.endsWith("-bin")) {
          assertThat(metadata.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER)))
              .isEqualTo(value.toString())
              .matches("[ -~]*");
        }
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }

  @Test
  void takesEveryLegalCharacterToTheEndsOfTheirRanges() {
    CallHeaders headers = CallHeaders.builder().header("azAZ09_-.", "~ !").build();
    assertThat(headers.names()).containsExactly("azaz09_-.");
    for (String next : new String[] {"`", "{", "/", ":", "@", "[", "\u00e4"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CallHeaders.builder().header("a" + next, "x"))
          .withMessageContaining("index 1");
    }
    for (String next : new String[] {"\u001f", "\u007f"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CallHeaders.builder().header("a", "x" + next))
          .withMessageContaining("index 1");
    }
  }

  @Test
  void namesThePositionOfWhatHasNoName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CallHeaders.parse(List.of("a=1", "b")))
        .withMessageContaining("number 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CallHeaders.parse(List.of("=1")))
        .withMessageContaining("number 1");
  }

  @Test
  void printsWhetherThereIsAProject() {
    assertThat(CallHeaders.parse(List.of("a=1", "projectID=" + PROJECT)))
        .hasToString("CallHeaders[a]+projectid");
    assertThat(CallHeaders.parse(List.of("a=1"))).hasToString("CallHeaders[a]");
  }

  @Test
  void fitsToTheLastByte() {
    CallHeaders full = CallHeaders.builder().header("a", "x".repeat(6_111)).build();
    assertThat(full.names()).containsExactly("a");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CallHeaders.builder().header("a", "x".repeat(6_112)))
        .withMessageContaining("6145");
  }
}
