package dev.psc.pprof.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Json;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.repair.Commands;
import dev.psc.pprof.repair.ProfileSamples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a flame graph in a real browser, as people use it: light, dark, mouse and keys. */
@Tag("interop")
class FlameGraphBrowserTest {

  private static final String[] LIGHT = {"--blink-settings=preferredColorScheme=1"};
  private static final String[] DARK = {"--blink-settings=preferredColorScheme=0"};

  /** Does what a person does, and writes down what the page then says. */
  private static final String VISITOR =
      """
      <pre id="seen"></pre>
      <script>
      const errors = [];
      addEventListener('error', e => errors.push(e.message));
      addEventListener('unhandledrejection', e => by('seen').textContent = 'failed: ' + e.reason);
      const by = id => document.getElementById(id), text = id => by(id).textContent;
      const paint = () => new Promise(done => setTimeout(done, 50));
      const mouse = (kind, x, y) => {
        const area = by('canvas').getBoundingClientRect();
        by('canvas').dispatchEvent(new MouseEvent(kind,
            {clientX: area.left + x, clientY: area.top + y, bubbles: true}));
      };
      const key = (target, name) =>
          target.dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true}));
      const search = words => {
        by('search').value = words;
        by('search').dispatchEvent(new Event('input'));
      };
      (async () => {
        await paint();
        const seen = {about: text('about'), drawn: by('canvas').dataset.drawn,
            types: [...by('type').options].map(o => o.text),
            dark: String(matchMedia('(prefers-color-scheme: dark)').matches),
            page: getComputedStyle(document.body).backgroundColor,
            pixel: [...by('canvas').getContext('2d').getImageData(3, 3, 1, 1).data].join()};
        mouse('mousemove', 60, 10 + 21 + 5);
        await paint();
        seen.tip = by('tip').hidden ? '' : by('tip').innerText;
        seen.status = text('status');
        seen.texts = [];
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function(words, ...more) {
          seen.texts.push(words);
          write.call(this, words, ...more);
        };
        mouse('click', 60, 10 + 21 + 5);
        await paint();
        CanvasRenderingContext2D.prototype.fillText = write;
        seen.zoomed = text('status');
        seen.drawnZoomed = by('canvas').dataset.drawn;
        seen.resetOffered = String(!by('reset').disabled);
        seen.hash = location.hash;
        by('reset').click();
        search('leaf');
        await paint();
        seen.matches = text('matches');
        search('/(leaf|work.run)$/');
        seen.matchesPattern = text('matches');
        search('/(/');
        seen.badPattern = String(by('search').validationMessage);
        search('');
        key(by('canvas'), 'ArrowDown');
        key(by('canvas'), 'ArrowDown');
        seen.keys = text('status');
        key(by('canvas'), 'Enter');
        await paint();
        seen.keyZoom = location.hash;
        key(document, 'Escape');
        by('type').value = '0';
        by('type').dispatchEvent(new Event('change'));
        seen.otherType = text('about');
        by('tab-top').click();
        seen.rows = [...document.querySelectorAll('#rows tr')].map(r => r.innerText);
        seen.errors = errors.join('; ');
        by('seen').textContent = JSON.stringify([seen]);
      })();
      </script>
      """;

  /** Frames come by the virtual time, which on a busy machine runs ahead of the real ones. */
  private static final String FRAMES =
      "<script>requestAnimationFrame = draw => setTimeout(() => draw(performance.now()), 16);"
          + "</script>";

  @TempDir private Path directory;

  @BeforeEach
  void needsChromium() {
    Commands.assumeOnPath("chromium");
  }

  /** Uses the views of the page, and writes down what they say. */
  private static final String VIEWER =
      """
      <pre id="seen"></pre>
      <script>
      const errors = [];
      addEventListener('error', e => errors.push(e.message));
      addEventListener('unhandledrejection', e => by('seen').textContent = 'failed: ' + e.reason);
      const by = id => document.getElementById(id), text = id => by(id).textContent;
      const paint = () => new Promise(done => setTimeout(done, 50));
      const pick = (id, value) => {
        by(id).value = value;
        by(id).dispatchEvent(new Event('change'));
      };
      const enter = shift => by('search').dispatchEvent(
          new KeyboardEvent('keydown', {key: 'Enter', shiftKey: shift}));
      const write = CanvasRenderingContext2D.prototype.fillText;
      const drawn = async () => {
        const rows = [];
        CanvasRenderingContext2D.prototype.fillText = function(words, x, y) {
          rows.push([y, words]);
        };
        await paint();
        CanvasRenderingContext2D.prototype.fillText = write;
        return rows.sort((a, b) => a[0] - b[0]).map(row => row[1]).join(' / ');
      };
      (async () => {
        await paint();
        const seen = {labels: [...by('label').options].map(o => o.value).join(' ')};
        by('search').value = 'work';
        by('search').dispatchEvent(new Event('input'));
        enter(false);
        seen.first = text('status');
        by('next').click();
        seen.second = text('status');
        enter(true);
        seen.back = text('status');
        by('search').value = '';
        by('search').dispatchEvent(new Event('input'));
        await paint();
        pick('label', 'tenant=a');
        seen.ofTenant = text('about').split(' · ')[0];
        seen.tenantFrames = await drawn();
        pick('label', '');
        pick('mode', 'inverted');
        seen.inverted = await drawn();
        pick('mode', '');
        pick('focus', 'com.shop');
        seen.focused = await drawn();
        pick('focus', '');
        by('tab-top').click();
        [...document.querySelectorAll('#rows tr')].find(r => r.innerText.includes('Work.run'))
            .querySelector('.around').click();
        seen.sandwich = await drawn();
        seen.about = text('about');
        seen.hash = location.hash;
        by('back').click();
        seen.whole = await drawn();
        seen.legend = String(!by('legend').hidden);
        seen.oneLine = String(document.querySelector('h1').offsetHeight < 30);
        seen.sideways = String(document.documentElement.scrollWidth > innerWidth);
        seen.errors = errors.join('; ');
        by('seen').textContent = JSON.stringify([seen]);
      })();
      </script>
      """;

  private static Profile small() throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("samples", "count");
    profile.sampleType("cpu", "nanoseconds");
    profile.timeNanos(1_790_000_000_000_000_000L).durationNanos(10_000_000_000L);
    int jvm = profile.mapping("java", "");
    int main = profile.location(jvm, 0, profile.function("main", "", "Main.java", 1), 3);
    int work =
        profile.location(jvm, 0, profile.function("com.shop.Work.run", "", "Work.java", 5), 7);
    int leaf =
        profile.location(
            jvm, 0, profile.function("example.com/shop/server.Leaf", "", "Work.java", 20), 21);
    int idle = profile.location(jvm, 0, profile.function("<b>idle</b>", "", "Idle.java", 2), 3);
    profile.sample(new int[] {leaf, work, main}, 0, 3, 0, 2, 2_000_000_000L);
    profile.sample(new int[] {work, main}, 0, 2, 0, 1, 1_000_000_000L);
    profile.sample(new int[] {idle}, 0, 1, 0, 1, 1_000_000_000L);
    return Profile.parse(profile.build());
  }

  private String browse(Path page, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--enable-logging=stderr",
                "--window-size=1280,800",
                "--virtual-time-budget=20000",
                "--user-data-dir=" + directory.resolve("user")));
    command.addAll(List.of(more));
    command.add(page.toUri().toString());
    return Commands.output(directory, command);
  }

  private Path page(String html) throws Exception {
    return Files.writeString(directory.resolve("page.html"), html);
  }

  private Map<String, Object> visit(Profile profile, String scheme) throws Exception {
    return visit(profile, "cpu of shop", VISITOR, scheme);
  }

  private Map<String, Object> visit(Profile profile, String title, String visitor, String... more)
      throws Exception {
    return visit(FlameGraph.html(profile, title), visitor, more);
  }

  private Map<String, Object> visit(String page, String visitor, String... more) throws Exception {
    // The page's policy allows no script but its own; the visitor's needs it gone.
    String html =
        page.replace("http-equiv=\"Content-Security-Policy\"", "name=\"policy\"")
            .replace("<head>", "<head>" + FRAMES)
            .replace("</body>", visitor + "</body>");
    List<String> options = new ArrayList<>(List.of(more));
    options.add("--dump-dom");
    String out = browse(page(html), options.toArray(String[]::new));
    Matcher seen =
        Pattern.compile("<pre id=\"seen\"[^>]*>(.*?)</pre>", Pattern.DOTALL).matcher(out);
    assertThat(seen.find()).as(out).isTrue();
    String json =
        seen.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip();
    assertThat(json).as(out).isNotEmpty();
    return Json.objects(json).get(0);
  }

  @Test
  void showsFindsZoomsAndTells() throws Exception {
    Map<String, Object> seen = visit(small(), LIGHT[0]);
    assertThat(seen.get("errors")).isEqualTo("");
    assertThat(seen.get("about")).isEqualTo("cpu: 4 s · 2026-09-21 14:13:20 UTC · over 10 s");
    assertThat(seen.get("drawn")).isEqualTo("5");
    assertThat(seen.get("types")).hasToString("[samples (count), cpu (nanoseconds)]");
    assertThat((String) seen.get("tip"))
        .contains("main")
        .contains("Main.java")
        .containsPattern("Cumulative\\s+3 s\\s+75.0%")
        .containsPattern("Flat\\s+0 ns\\s+0%");
    assertThat((String) seen.get("status")).startsWith("main: cumulative 3 s (75.0%)");
    assertThat(seen.get("texts"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsOnlyOnce("all", "main", "server.Leaf", "Work.run");
    assertThat((String) seen.get("zoomed")).isEqualTo("Zoomed to main");
    assertThat(seen.get("drawnZoomed")).isEqualTo("4");
    assertThat(seen.get("resetOffered")).isEqualTo("true");
    assertThat((String) seen.get("hash")).contains("zoom=");
    assertThat(seen.get("matches")).isEqualTo("50.0%");
    assertThat(seen.get("matchesPattern")).isEqualTo("75.0%");
    assertThat((String) seen.get("badPattern")).contains("Not a valid regular expression");
    assertThat((String) seen.get("keys")).startsWith("main: cumulative 3 s");
    assertThat((String) seen.get("keyZoom")).contains("zoom=");
    assertThat((String) seen.get("otherType")).startsWith("samples: 4 ·");
    assertThat((List<?>) seen.get("rows")).hasSize(4);
    assertThat(seen.get("rows").toString()).contains("<b>idle</b>").contains("server.Leaf");
  }

  private static ProfileBuilder shop(long ofTenantA) {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    profile.timeNanos(1);
    int jvm = profile.mapping("java", "");
    int main = profile.location(jvm, 0, profile.function("main", "", "Main.java", 1), 3);
    int work =
        profile.location(jvm, 0, profile.function("com.shop.Work.run", "", "Work.java", 5), 7);
    int framework =
        profile.location(jvm, 0, profile.function("org.spring.Web.call", "", "Web.java", 5), 7);
    int leaf =
        profile.location(jvm, 0, profile.function("com.shop.Leaf.get", "", "Leaf.java", 5), 7);
    int a = profile.labels("tenant", "a");
    int b = profile.labels("tenant", "b");
    profile.sample(new int[] {leaf, framework, work, main}, 0, 4, a, ofTenantA);
    profile.sample(new int[] {work, main}, 0, 2, b, 1_000_000_000L);
    return profile;
  }

  @Test
  void jumpsFiltersAndTurnsTheTree() throws Exception {
    Map<String, Object> seen =
        visit(Profile.parse(shop(3_000_000_000L).build()), "a title ".repeat(80), VIEWER, LIGHT[0]);
    assertThat(seen.get("errors")).isEqualTo("");
    assertThat(seen.get("labels")).isEqualTo(" tenant=a tenant=b");
    assertThat((String) seen.get("first")).startsWith("Hit 1 of 1: com.shop.Work.run");
    assertThat((String) seen.get("second")).startsWith("Hit 1 of 1: com.shop.Work.run");
    assertThat((String) seen.get("back")).startsWith("Hit 1 of 1: com.shop.Work.run");
    assertThat(seen.get("ofTenant")).isEqualTo("cpu: 3 s");
    assertThat(seen.get("tenantFrames")).isEqualTo("all / main / Work.run / Web.call / Leaf.get");
    assertThat(seen.get("inverted"))
        .isEqualTo("all / Work.run / Leaf.get / main / Web.call / Work.run / main");
    assertThat(seen.get("focused")).isEqualTo("all / Work.run / Leaf.get");
    assertThat(seen.get("sandwich")).isEqualTo("main / Work.run / Web.call / Leaf.get");
    assertThat((String) seen.get("about"))
        .startsWith("callers (above) and callees (below) of com.shop.Work.run · cpu: 4 s");
    assertThat((String) seen.get("hash")).contains("sandwich=com.shop.Work.run");
    assertThat(seen.get("whole")).isEqualTo("all / main / Work.run / Web.call / Leaf.get");
    assertThat(seen.get("legend")).isEqualTo("false");
    assertThat(seen.get("oneLine")).isEqualTo("true");
  }

  @Test
  void drawsADifferenceWithALegendAndFitsAPhone() throws Exception {
    Profile before = Profile.parse(shop(1_000_000_000L).build());
    Profile after = Profile.parse(shop(3_000_000_000L).build());
    Map<String, Object> seen =
        visit(
            FlameGraph.difference(before, after, "difference"),
            VIEWER,
            LIGHT[0],
            "--window-size=390,844");
    assertThat(seen.get("errors")).isEqualTo("");
    assertThat(seen.get("legend")).isEqualTo("true");
    assertThat(seen.get("ofTenant")).isEqualTo("cpu: 2 s");
    assertThat(seen.get("sideways")).isEqualTo("false");
  }

  @Test
  void isLightOrDarkAsTheSystemIs() throws Exception {
    Map<String, Object> light = visit(small(), LIGHT[0]);
    Map<String, Object> dark = visit(small(), DARK[0]);
    assertThat(light.get("dark")).isEqualTo("false");
    assertThat(dark.get("dark")).isEqualTo("true");
    assertThat(light.get("page")).isEqualTo("rgb(251, 250, 248)");
    assertThat(light.get("pixel")).isEqualTo("251,250,248,255");
    assertThat(dark.get("page")).isEqualTo("rgb(20, 18, 23)");
    assertThat(dark.get("pixel")).isEqualTo("20,18,23,255");
  }

  @Test
  void worksUnderItsOwnPolicyWithoutAWordOnTheConsole() throws Exception {
    Path page = page(FlameGraph.html(ProfileSamples.service(3_000, 6, 40), "cpu of shop"));
    String out = browse(page, "--dump-dom");
    assertThat(out).contains("data-ready=\"true\"");
    assertThat(out).doesNotContain("CONSOLE");
    Matcher drawn = Pattern.compile("data-drawn=\"(\\d+)\"").matcher(out);
    assertThat(drawn.find()).isTrue();
    assertThat(Integer.parseInt(drawn.group(1))).isGreaterThan(100);
  }

  @Test
  void drawsAHugeProfileInGoodTime() throws Exception {
    Profile huge = ProfileSamples.service(20_000, 10, 30);
    String out = browse(page(FlameGraph.html(huge, "huge")), "--dump-dom");
    assertThat(out).contains("data-ready=\"true\"").contains("tiny frames left out");
  }

  @Test
  void takesPictures() throws Exception {
    Path page = page(FlameGraph.html(ProfileSamples.service(3_000, 6, 40), "cpu of shop"));
    for (String[] scheme : new String[][] {LIGHT, DARK}) {
      Path picture = directory.resolve("page.png");
      browse(page, scheme[0], "--screenshot=" + picture);
      assertThat(Files.size(picture)).isGreaterThan(30_000);
    }
  }
}
