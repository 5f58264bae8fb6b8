package dev.psc.jvm.internal.recording;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The compressions of a file, recognized by its first bytes. */
enum Compression {
  NONE(""),
  GZIP("gzip", 0x1f, 0x8b),
  ZIP("zip", 'P', 'K', 3, 4),
  LZ4("LZ4", 0x04, 0x22, 0x4d, 0x18),
  ZSTD("Zstandard, which cannot be read; decompress it first: zstd -d", 0x28, 0xb5, 0x2f, 0xfd),
  XZ("xz, which cannot be read; decompress it first: xz -d", 0xfd, '7', 'z', 'X', 'Z', 0),
  BZIP2("bzip2, which cannot be read; decompress it first: bzip2 -d", 'B', 'Z', 'h'),
  LZ4_BLOCK("LZ4 blocks of Java, which cannot be read; decompress it first", 'L', 'Z', '4', 'B'),
  LZ4_OLD("the old LZ4 format, which cannot be read; decompress it first: lz4 -d", 2, 0x21, 0x4c),
  SNAPPY("Snappy, which cannot be read; decompress it first", 0xff, 6, 0, 0, 's', 'N'),
  SEVEN_ZIP("7-Zip, which cannot be read; decompress it first: 7z x", '7', 'z', 0xbc, 0xaf),
  UNIX("compress, which cannot be read; decompress it first: uncompress", 0x1f, 0x9d),
  LZIP("lzip, which cannot be read; decompress it first: lzip -d", 'L', 'Z', 'I', 'P');

  private static final int BUFFER_BYTES = 1 << 16;

  private final String advice;

  @SuppressWarnings("ImmutableEnumChecker") // never written
  private final int[] magic;

  Compression(String advice, int... magic) {
    this.advice = advice;
    this.magic = magic;
  }

  /** Returns the compression of a file. */
  static Compression of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return of(in.readNBytes(6));
    }
  }

  /** Returns the compression of a file with these first bytes. */
  static Compression of(byte[] first) {
    for (Compression compression : values()) {
      if (compression != NONE && compression.begins(first)) {
        return compression;
      }
    }
    return NONE;
  }

  private boolean begins(byte[] first) {
    for (int i = 0; i < magic.length; i++) {
      if (i >= first.length || (first[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  boolean isReadable() {
    return this == GZIP || this == ZIP || this == LZ4;
  }

  /** Returns its name and, if it cannot be read, a remedy. */
  String advice() {
    return advice;
  }

  /** Returns the decompressed bytes of a stream with GZIP or LZ4. */
  InputStream open(InputStream compressed) throws IOException {
    return switch (this) {
      case GZIP -> new GZIPInputStream(compressed, BUFFER_BYTES);
      case LZ4 -> new Lz4InputStream(compressed);
      default -> throw new IOException("not a single compressed stream: " + this);
    };
  }
}
