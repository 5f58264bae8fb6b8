package dev.psc.testkit.contract;

import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class DirectorySinkContractTest extends ProfileSinkContract {

  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  @TempDir private Path parent;
  private Path directory;
  private DirectorySink sink;

  @BeforeEach
  void start() {
    directory = parent.resolve("profiles");
    sink = DirectorySink.create(directory);
  }

  @Override
  protected ProfileSink sink() {
    return sink;
  }

  @Override
  protected List<RawProfile> received() {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".pb.gz"))
          .sorted(Comparator.comparing(DirectorySinkContractTest::number))
          .map(DirectorySinkContractTest::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int number(Path file) {
    return Integer.parseInt(file.getFileName().toString().replaceAll(".*-(\\d+)\\.pb\\.gz", "$1"));
  }

  private static RawProfile read(Path file) {
    try {
      LabelSet.Builder labels = LabelSet.builder();
      Matcher matcher = LABEL.matcher(Files.readString(file.resolveSibling("labels.txt")));
      while (matcher.find()) {
        labels.set(matcher.group(1), matcher.group(2));
      }
      return RawProfile.of(labels.build(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected void breakDestination() {
    try {
      Files.writeString(directory, "a file where the directory should be");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
