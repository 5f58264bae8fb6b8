package dev.psc.scrape.internal.http;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of secrets read from files. A file is read again after a second, so that a rotated secret
 * is used by the next scrape. A file that cannot be read keeps its last value.
 */
final class SecretFiles {

  private static final Logger logger = LoggerFactory.getLogger(SecretFiles.class);
  private static final long FRESH_NANOS = 1_000_000_000L;
  private static final long MAX_BYTES = 1 << 20;

  private record Entry(String content, long readNanos, boolean failed) {}

  private final Map<Path, Entry> entries = new ConcurrentHashMap<>();

  /** Returns the secret without white space around it. */
  String read(SecretSource source, String what) throws HttpFailure {
    return read(source, what, ScrapeOutcome.AUTH);
  }

  /** Returns the secret without white space around it, or fails with a class of failure. */
  String read(SecretSource source, String what, ScrapeOutcome failure) throws HttpFailure {
    Optional<Secret> value = source.value();
    if (value.isPresent()) {
      return value.get().reveal();
    }
    return content(source.file().orElseThrow(), what, failure).strip();
  }

  /** Returns a valid header value; the failure does not show the value. */
  static String checkHeader(String value, String what) throws HttpFailure {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c > '~') {
        throw new HttpFailure(
            ScrapeOutcome.AUTH,
            what
                + " has a character at index "
                + i
                + " that no header may have; check for a line break or an invisible character in"
                + " it");
      }
    }
    return value;
  }

  /** Reads a file again at the next request, however fresh its content is. */
  void expire(Path file) {
    entries.computeIfPresent(
        file,
        (path, entry) -> new Entry(entry.content, System.nanoTime() - FRESH_NANOS, entry.failed));
  }

  private String content(Path file, String what, ScrapeOutcome failure) throws HttpFailure {
    Entry known = entries.get(file);
    long now = System.nanoTime();
    if (known != null && now - known.readNanos < FRESH_NANOS) {
      return known.content;
    }
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("larger than " + MAX_BYTES + " bytes");
      }
      String content = Files.readString(file);
      if (content.isBlank()) {
        throw new IOException("empty");
      }
      entries.put(file, new Entry(content, now, false));
      return content;
    } catch (IOException e) {
      if (known != null) {
        if (!known.failed) {
          logger.warn("{}: cannot reread {}; keeping its last content", what, file, e);
        }
        entries.put(file, new Entry(known.content, now, true));
        return known.content;
      }
      throw new HttpFailure(
          failure,
          what + ": cannot read " + file + " (" + e + "); check that it exists and may be read",
          e);
    }
  }
}
