package dev.psc.scraper.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.pprof.ProfileBuilder;
import dev.psc.scraper.cli.UsageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {

  @TempDir private Path directory;

  private String profile(String name, String type, long value) throws IOException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType(type, "bytes");
    int function = profile.function("main.keep", "main.keep", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, value);
    return Files.write(directory.resolve(name), profile.build()).toString();
  }

  private static String run(String... files) throws UsageException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(DiffCommand.run(files, new PrintStream(out))).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsThePageOfADifference() throws Exception {
    String before = profile("before.pb.gz", "inuse_space", 100);
    String after = profile("after.pb.gz", "inuse_space", 40);
    assertThat(run(before, after))
        .startsWith("<!doctype html>")
        .contains(before + " → " + after, "main.keep", "-60");
  }

  @Test
  void namesTheFileOrTheDifferenceThatIsWrong() throws Exception {
    String good = profile("good.pb.gz", "inuse_space", 100);
    String other = profile("other.pb.gz", "alloc_space", 100);
    Path text = Files.writeString(directory.resolve("text"), "not a profile");
    assertThatThrownBy(() -> run(good))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("diff: give two profiles");
    assertThatThrownBy(() -> run(good, directory.resolve("none").toString()))
        .hasMessageEndingWith("none: file not found");
    assertThatThrownBy(() -> run(good, text.toString())).hasMessageContaining("diff: " + text);
    assertThatThrownBy(() -> run(good, other))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("diff: ");
  }
}
