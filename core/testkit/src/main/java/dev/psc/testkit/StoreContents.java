package dev.psc.testkit;

import dev.psc.auth.ProjectId;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The accepted profiles of a store. Thread-safe. */
final class StoreContents {

  /** The first half of a SHA-256 over project, labels and bytes. */
  private record Digest(long high, long low) {}

  private final @Nullable StoreFiles files;
  private final List<StoredProfile> profiles = new ArrayList<>();
  private final Set<Digest> known = new HashSet<>();
  private long duplicates;

  StoreContents(@Nullable Path directory) {
    this.files = directory == null ? null : new StoreFiles(directory);
  }

  void add(ProjectId project, List<RawProfile> batch) throws IOException {
    List<Path> paths = new ArrayList<>(batch.size());
    if (files != null) {
      for (RawProfile profile : batch) {
        paths.add(files.write(project, profile.labels(), profile.timeNanos(), profile.pprof()));
      }
    }
    List<Digest> digests = batch.stream().map(profile -> digest(project, profile)).toList();
    synchronized (this) {
      for (int i = 0; i < batch.size(); i++) {
        RawProfile profile = batch.get(i);
        if (!known.add(digests.get(i))) {
          duplicates++;
        }
        profiles.add(
            new StoredProfile(
                project,
                profile.labels(),
                profile.timeNanos(),
                profile.normalizedAddresses(),
                files == null ? profile.pprof() : null,
                files == null ? null : paths.get(i)));
      }
    }
  }

  private static Digest digest(ProjectId project, RawProfile profile) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(project.value().getBytes(StandardCharsets.UTF_8));
      sha256.update(profile.labels().toString().getBytes(StandardCharsets.UTF_8));
      ByteBuffer hash = ByteBuffer.wrap(sha256.digest(profile.pprof()));
      return new Digest(hash.getLong(), hash.getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  synchronized List<StoredProfile> profiles(Predicate<StoredProfile> wanted) {
    return profiles.stream().filter(wanted).toList();
  }

  List<LabelSet> series(ProjectId project) {
    return profiles(profile -> profile.project().equals(project)).stream()
        .map(StoredProfile::labels)
        .distinct()
        .toList();
  }

  synchronized long size() {
    return profiles.size();
  }

  synchronized long duplicates() {
    return duplicates;
  }
}
