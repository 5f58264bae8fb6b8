package dev.psc.scrape.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * The identities of files at one time; unequal to a later one if a file was written or replaced,
 * through symbolic links too. Immutable.
 */
record FileStamp(Map<Path, String> identities) {

  static FileStamp of(Collection<Path> files) {
    Map<Path, String> identities = new TreeMap<>();
    for (Path file : files) {
      identities.put(file, identity(file));
    }
    return new FileStamp(Map.copyOf(identities));
  }

  private static String identity(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return attributes.fileKey() + " " + attributes.size() + " " + attributes.lastModifiedTime();
    } catch (IOException e) {
      return "unreadable";
    }
  }
}
