package dev.psc.pprof.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Diff;
import dev.psc.pprof.Json;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.repair.ProfileSamples;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class FlameGraphTest {

  /** The data of a page, read by nothing but a JSON reader. */
  private static Map<String, Object> data(String page) {
    Matcher matcher =
        Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>")
            .matcher(page);
    assertThat(matcher.find()).isTrue();
    return Json.objects("[" + matcher.group(1) + "]").get(0);
  }

  @SuppressWarnings("unchecked")
  private static <T> java.util.List<T> list(Object value) {
    return (java.util.List<T>) value;
  }

  @Test
  void needsNothingFromAnywhere() throws PprofException {
    String page = FlameGraph.html(ProfileSamples.service(500, 4, 20), "cpu of shop");
    assertThat(page).contains("<title>cpu of shop</title>").doesNotContain("{{");
    assertThat(page.replaceAll("(?s)<script.*?</script>", ""))
        .doesNotContain("http:")
        .doesNotContain("https:")
        .doesNotContain("src=")
        .doesNotContain("@import");
    assertThat(page).contains("default-src 'none'").containsPattern("script-src 'sha256-[^']+='");
  }

  @Test
  void namesOfTheProfileAreDataAndNeverMarkup() throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("</script><script>alert(1)</script>", "<b>");
    String evil = "</script><img src=x onerror=alert(1)>{{title}}\u2028\"'\\\ud800";
    int function = profile.function(evil, "", "<!--", 0);
    profile.sample(new int[] {profile.location(0, 0, function, 0)}, 0, 1, 0, 1);
    String page = FlameGraph.html(Profile.parse(profile.build()), "</title><i>&\"{{data}}");
    assertThat(page)
        .doesNotContain("<img")
        .doesNotContain("alert(1)</script>")
        .doesNotContain("<!--")
        .doesNotContain("<i>")
        .contains("<title>&lt;/title&gt;&lt;i&gt;&amp;&quot;{{data}}</title>");
    assertThat(page.split("</script>", -1)).hasSize(3);
    // A lone surrogate cannot be encoded in UTF-8; the profile itself cannot carry it.
    assertThat(FlameGraphTest.<String>list(data(page).get("names")))
        .contains(evil.replace('\ud800', '?'));
  }

  @Test
  void sumsAreThoseOfTheProfileAndParentsComeFirst() throws PprofException {
    Profile profile = ProfileSamples.service(2_000, 4, 20);
    Map<String, Object> data = data(FlameGraph.html(profile, "t"));
    java.util.List<Long> parents = list(data.get("parent"));
    for (int node = 1; node < parents.size(); node++) {
      assertThat(parents.get(node)).isLessThan(node);
    }
    for (int type = 0; type < 3; type++) {
      java.util.List<Long> total = list(list(data.get("total")).get(type));
      java.util.List<Long> self = list(list(data.get("self")).get(type));
      assertThat(total.get(0)).isEqualTo(profile.total(type));
      assertThat(self.stream().mapToLong(Long::longValue).sum()).isEqualTo(profile.total(type));
    }
    assertThat(data.get("pruned")).isEqualTo(0L);
    assertThat(data.get("defaultType")).isEqualTo(2L);
  }

  @Test
  void leavesOutTheTiniestOfTooManyFrames() throws PprofException {
    Profile profile = ProfileSamples.service(9_000, 10, 30);
    int nodes = CallTree.of(profile).size();
    assertThat(nodes).isGreaterThan(100_000);
    Map<String, Object> data = data(FlameGraph.html(profile, "t"));
    java.util.List<Long> parents = list(data.get("parent"));
    assertThat(parents).hasSize(FlameGraph.MAX_NODES);
    assertThat(data.get("pruned")).isEqualTo((long) nodes - FlameGraph.MAX_NODES);
    assertThat(FlameGraphTest.<Long>list(list(data.get("total")).get(0)).get(0))
        .isEqualTo(profile.total(0));
    for (int node = 1; node < parents.size(); node++) {
      assertThat(parents.get(node)).isLessThan(node);
    }
  }

  @Test
  void drawsDifferencesByTheirSize() throws PprofException {
    Profile before = ProfileSamples.service(300, 3, 10);
    Profile after = ProfileSamples.service(400, 3, 10);
    Profile shrunk = Profile.parse(Diff.between(/* before= */ after, /* after= */ before));
    Map<String, Object> data = data(FlameGraph.html(shrunk, "t"));
    assertThat(FlameGraphTest.<Long>list(list(data.get("total")).get(0)).get(0)).isNegative();
    assertThat(FlameGraphTest.<Long>list(list(data.get("weight")).get(0)).get(0)).isPositive();
  }

  @Test
  void showsTheFirstSampleTypeWithValuesWhereTheDefaultHasNone() throws PprofException {
    Profile before = allocated(1_000);
    Map<String, Object> grown =
        data(FlameGraph.difference(before, allocated(5_000), "objects only"));
    assertThat(grown.get("defaultType")).isEqualTo(0L);
    assertThat(data(FlameGraph.html(before, "both")).get("defaultType")).isEqualTo(1L);
    assertThat(data(FlameGraph.difference(before, before, "nothing")).get("defaultType"))
        .isEqualTo(1L);
  }

  private static Profile allocated(long objects) throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_objects", "count");
    profile.sampleType("alloc_space", "bytes");
    int function = profile.function("shop.Cart.add", "", "Cart.java", 1);
    int location = profile.location(0, 0, function, 7);
    profile.sample(
        new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, new long[] {objects, 4_096});
    return Profile.parse(profile.build());
  }

  @Test
  void drawsAProfileWithoutSamples() throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    Map<String, Object> data = data(FlameGraph.html(Profile.parse(profile.build()), ""));
    assertThat(list(data.get("parent"))).hasSize(1);
  }
}
