package dev.psc.scrape.internal.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import java.util.Optional;

/** Recognizes bodies that are requested by mistake and are not profiles. */
final class OtherBodies {

  /** The beginning of a kind of file. */
  private static final class Magic {

    private final String name;
    private final int[] bytes;

    Magic(String name, int... bytes) {
      this.name = name;
      this.bytes = bytes;
    }

    String name() {
      return name;
    }

    boolean matches(byte[] body) {
      if (body.length < bytes.length) {
        return false;
      }
      for (int i = 0; i < bytes.length; i++) {
        if ((body[i] & 0xff) != bytes[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private static final List<Magic> COMPRESSED =
      List.of(
          new Magic("zstd", 0x28, 0xb5, 0x2f, 0xfd),
          new Magic("deflate (zlib)", 0x78, 0x01),
          new Magic("deflate (zlib)", 0x78, 0x5e),
          new Magic("deflate (zlib)", 0x78, 0x9c),
          new Magic("deflate (zlib)", 0x78, 0xda),
          new Magic("lz4", 0x04, 0x22, 0x4d, 0x18),
          new Magic("xz", 0xfd, '7', 'z', 'X', 'Z', 0),
          new Magic("bzip2", 'B', 'Z', 'h'),
          new Magic("snappy", 0xff, 6, 0, 0, 's', 'N', 'a', 'P'),
          new Magic("zip", 'P', 'K', 3, 4));

  private static final Magic RECORDING = new Magic("", 'F', 'L', 'R', 0);
  private static final Magic EXECUTABLE = new Magic("", 0x7f, 'E', 'L', 'F');

  private OtherBodies() {}

  /** Returns the compression of a body other than gzip, if it has one. */
  static Optional<String> compression(byte[] body) {
    return COMPRESSED.stream().filter(magic -> magic.matches(body)).map(Magic::name).findFirst();
  }

  /**
   * Returns the kind of a body of another endpoint.
   *
   * @param body its first bytes
   * @param path the path of the URL
   * @return what it is, with an article; never a part of the body, which may hold secrets
   */
  static Optional<String> name(byte[] body, String path, String contentType) {
    if (startsWith(body, "go 1.") && contains(body, " trace\0")) {
      return Optional.of("an execution trace, as Go's /debug/pprof/trace gives it");
    }
    if (startsWith(body, "num_symbols:")) {
      return Optional.of("the symbol table of Go's /debug/pprof/symbol");
    }
    if ((path.endsWith("/cmdline") && isText(body, true))
        || (contentType.startsWith("text/plain") && isCommandLine(body))) {
      return Optional.of("a command line, as Go's /debug/pprof/cmdline gives it");
    }
    if (RECORDING.matches(body)) {
      return Optional.of("a JDK Flight Recording");
    }
    if (EXECUTABLE.matches(body)) {
      return Optional.of("an executable");
    }
    return Optional.empty();
  }

  /** Arguments end with a zero byte each. */
  private static boolean isCommandLine(byte[] body) {
    return contains(body, "\0") && body[0] != 0 && isText(body, false);
  }

  private static boolean isText(byte[] body, boolean multiline) {
    for (byte b : body) {
      boolean lineBreak = b == '\n' || b == '\r' || b == '\t';
      if (b > 0 && b < ' ' && !(multiline && lineBreak)) {
        return false;
      }
    }
    return body.length > 0;
  }

  private static boolean startsWith(byte[] body, String text) {
    return new String(body, 0, Math.min(body.length, text.length()), US_ASCII).equals(text);
  }

  private static boolean contains(byte[] body, String text) {
    return new String(body, 0, Math.min(body.length, 1024), US_ASCII).contains(text);
  }
}
