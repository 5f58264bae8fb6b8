package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DrawingsTest {

  private static RawProfile profile(String type) {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType(type, "bytes");
    for (int i = 0; i < 2_000; i++) {
      int function = profile.function("main.function" + i, "", "main.go", 1);
      int location = profile.location(profile.mapping("app", ""), i, function, 7);
      profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 100);
    }
    return RawProfile.of(LabelSet.of("__name__", "memory"), profile.build());
  }

  private static String text(HttpExchange.Answer answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  @Test
  void refusesAProfileThatIsLargerThanItsShareOfTheHeap() throws Exception {
    HttpExchange.Answer answer = new Drawings(10_000).draw(profile("inuse_space"));
    assertThat(answer.status()).isEqualTo(413);
    assertThat(text(answer)).startsWith("too large to draw: ");
    assertThat(new Drawings(1 << 20).draw(profile("inuse_space")).status()).isEqualTo(200);
  }

  @Test
  void tellsWhyProfilesCannotBeCompared() throws Exception {
    Drawings drawings = new Drawings(1 << 20);
    HttpExchange.Answer answer =
        drawings.drawDifference(profile("inuse_space"), profile("alloc_space"));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(text(answer)).startsWith("these profiles cannot be compared: ");
    assertThat(drawings.draw(profile("inuse_space")).status())
        .as("a failure releases the turn")
        .isEqualTo(200);
  }

  @Test
  void tellsThatABodyIsNoProfile() throws Exception {
    HttpExchange.Answer answer =
        new Drawings(1 << 20)
            .draw(RawProfile.of(LabelSet.of("__name__", "memory"), new byte[] {1, 2, 3}));
    assertThat(answer.status()).isEqualTo(422);
  }
}
