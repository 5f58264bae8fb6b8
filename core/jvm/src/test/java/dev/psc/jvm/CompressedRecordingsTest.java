package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.profile.JfrConversion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressedRecordingsTest {

  @TempDir private static Path directory;
  private static byte[] first;
  private static byte[] second;

  @Name("datadog.ExecutionSample")
  static final class Sample extends Event {}

  @BeforeAll
  static void record() throws Exception {
    first = recorded(3);
    second = recorded(4);
  }

  private static byte[] recorded(int samples) throws Exception {
    Path file = directory.resolve(samples + ".jfr");
    try (Recording recording = new Recording()) {
      recording.enable(Sample.class);
      recording.start();
      for (int i = 0; i < samples; i++) {
        new Sample().commit();
      }
      recording.stop();
      recording.dump(file);
    }
    return Files.readAllBytes(file);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] zip(Object... namesAndFiles) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (int i = 0; i < namesAndFiles.length; i += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndFiles[i]));
        zip.write((byte[]) namesAndFiles[i + 1]);
      }
    }
    return out.toByteArray();
  }

  private static JfrConversion convert(byte[] bytes) throws IOException {
    return JfrFiles.convert(Files.write(directory.resolve("converted"), bytes));
  }

  private static long samples(JfrConversion conversion) {
    return conversion.events().getOrDefault("datadog.ExecutionSample", 0L);
  }

  @Test
  void readsAllRecordingsOfAZip() throws Exception {
    JfrConversion conversion = convert(zip("a/", new byte[0], "a/1.jfr", first, "2.jfr", second));
    assertThat(samples(conversion)).isEqualTo(7);
  }

  @Test
  void readsCompressedRecordingsInAZipAndNamesOtherFiles() throws Exception {
    byte[] zip =
        zip(
            "1.jfr.gz",
            gzip(first),
            "notes.txt",
            new byte[] {'h', 'i'},
            "3.jfr.zst",
            new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, 0},
            "2.jfr",
            Arrays.copyOf(second, second.length - 10));
    JfrConversion conversion = convert(gzip(zip));
    assertThat(samples(conversion)).isEqualTo(3);
    assertThat(conversion.remarks())
        .anyMatch(remark -> remark.contains("notes.txt") && remark.contains("left out"))
        .anyMatch(remark -> remark.contains("3.jfr.zst") && remark.contains("zstd -d"))
        .anyMatch(remark -> remark.contains("cut off"));
  }

  @Test
  void saysWhyNothingOfAZipCanBeRead() {
    assertThatThrownBy(() -> convert(zip("notes.txt", new byte[] {'h', 'i'})))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("notes.txt")
        .hasMessageContaining("does not begin with FLR");
    assertThatThrownBy(() -> convert(zip("empty/", new byte[0])))
        .hasMessageContaining("no file in it");
    assertThatThrownBy(() -> convert(gzip(gzip(gzip(gzip(gzip(first)))))))
        .hasMessageContaining("more than 3 times");
  }

  /** A chunk of zeros has a thousandth of its size when compressed. */
  @Test
  void stopsWhereACompressedFileExpandsTooMuch() throws Exception {
    byte[] chunk = new byte[72 << 20];
    ByteBuffer.wrap(chunk).put(new byte[] {'F', 'L', 'R', 0}).putInt(0x20000).putLong(chunk.length);
    List<Path> before = temporary();
    assertThatThrownBy(() -> convert(gzip(chunk)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("100 times its size");
    assertThatThrownBy(() -> convert(gzip(new byte[72 << 20])))
        .hasMessageContaining("does not begin with FLR");
    assertThat(temporary()).isEqualTo(before);
  }

  @Test
  void boundsFilesOfAZipThatAreLeftOut() throws Exception {
    assertThatThrownBy(() -> convert(zip("zeros", new byte[72 << 20], "1.jfr", first)))
        .hasMessageContaining("100 times its size");
    Object[] files = new Object[102];
    for (int i = 0; i < 100; i += 2) {
      files[i] = "a\u001b" + i;
      files[i + 1] = new byte[] {'h', 'i'};
    }
    files[100] = "1.jfr";
    files[101] = first;
    JfrConversion conversion = convert(zip(files));
    assertThat(samples(conversion)).isEqualTo(3);
    assertThat(conversion.remarks())
        .hasSizeLessThan(30)
        .noneMatch(remark -> remark.contains("\u001b"))
        .anyMatch(remark -> remark.startsWith("30 more files"));
  }

  private static List<Path> temporary() throws IOException {
    try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().matches("psc-\\d+\\.jfr"))
          .sorted()
          .toList();
    }
  }

  @Test
  void aChunkThatIsThereTwiceIsCountedOnce() throws Exception {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    joined.writeBytes(first);
    joined.writeBytes(second);
    joined.writeBytes(first);
    JfrConversion conversion = convert(joined.toByteArray());
    assertThat(samples(conversion)).isEqualTo(7);
    assertThat(conversion.remarks())
        .anyMatch(remark -> remark.startsWith("1 of 3 chunks are copies"));
  }

  @ParameterizedTest
  @CsvSource({
    "28b52ffd, Zstandard",
    "fd377a585a00, xz",
    "425a6839, bzip2",
    "4c5a34426c6f, LZ4 blocks",
    "02214c18, the old LZ4",
    "ff060000734e, Snappy",
    "377abcaf271c, 7-Zip",
    "1f9d90, compress",
  })
  void namesACompressionThatItDoesNotReadAlsoInsideAnother(String magic, String name)
      throws Exception {
    byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex(magic), 100);
    assertThatThrownBy(() -> convert(bytes)).hasMessageContaining("compressed with " + name);
    assertThatThrownBy(() -> convert(gzip(bytes))).hasMessageContaining("compressed with " + name);
  }
}
