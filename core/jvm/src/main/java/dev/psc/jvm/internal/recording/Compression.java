package dev.psc.jvm.internal.recording;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The compressions of a file, told apart by its first bytes. */
enum Compression {
  NONE(""),
  GZIP("gzip", 0x1f, 0x8b),
  ZIP("zip", 'P', 'K', 3, 4),
  LZ4("LZ4", 0x04, 0x22, 0x4d, 0x18),
  ZSTD("Zstandard, which cannot be read; decompress it first: zstd -d", 0x28, 0xb5, 0x2f, 0xfd),
  XZ("xz, which cannot be read; decompress it first: xz -d", 0xfd, '7', 'z', 'X', 'Z', 0),
  BZIP2("bzip2, which cannot be read; decompress it first: bzip2 -d", 'B', 'Z', 'h');

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
    byte[] first;
    try (InputStream in = Files.newInputStream(file)) {
      first = in.readNBytes(6);
    }
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

  /** Returns its name and, if it cannot be read, what to do. */
  String advice() {
    return advice;
  }

  /** Returns the decompressed bytes; those of a zip's first file. */
  InputStream open(InputStream compressed) throws IOException {
    return switch (this) {
      case GZIP -> new GZIPInputStream(compressed, BUFFER_BYTES);
      case ZIP -> firstFile(new ZipInputStream(compressed));
      case LZ4 -> new Lz4InputStream(new BufferedInputStream(compressed, BUFFER_BYTES));
      default -> throw new IOException("the file is compressed with " + advice);
    };
  }

  private static InputStream firstFile(ZipInputStream zip) throws IOException {
    ZipEntry entry = zip.getNextEntry();
    while (entry != null && entry.isDirectory()) {
      entry = zip.getNextEntry();
    }
    if (entry == null) {
      throw new EOFException("the zip file has no file in it");
    }
    return zip;
  }
}
