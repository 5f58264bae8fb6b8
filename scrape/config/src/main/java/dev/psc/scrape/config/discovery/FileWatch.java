package dev.psc.scrape.config.discovery;

import dev.psc.scrape.config.internal.YamlNodes;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the files of a {@link FileDiscovery} on a separate thread: notified by the file system
 * where possible, and polling sizes and times in any case, since network and container file systems
 * send no notifications.
 *
 * <p>A file is read again once two polls found it unchanged: half of a YAML file is often valid.
 */
final class FileWatch implements TargetDiscovery, Runnable {

  private static final Logger logger = LoggerFactory.getLogger(FileWatch.class);
  private static final long MAX_BYTES = 32 << 20;
  private static final long JOIN_MILLIS = 2000;

  /**
   * @param look the time between two polls of sizes and times
   * @param settle the time for which a changed file must stay the same before it is read
   */
  record Pauses(Duration look, Duration settle) {
    static final Pauses DEFAULT = new Pauses(Duration.ofSeconds(5), Duration.ofMillis(300));
  }

  /** A factory of watch services. */
  @FunctionalInterface
  interface WatchServiceFactory {

    /** Returns a new watch service. */
    WatchService create() throws IOException;
  }

  /** The metadata by which a changed file is detected. */
  private record Stamp(long size, long modifiedNanos, @Nullable Object identity) {}

  private static final class Known {
    @Nullable Stamp read;
    @Nullable Stamp seen;
    long seenNanos;
    List<TargetGroup> groups = List.of();
    String problem = "";
  }

  private final FileDiscovery settings;
  private final DiscoveryContext context;
  private final Pauses pauses;
  private final WatchServiceFactory watchServices;
  private final CountDownLatch closed = new CountDownLatch(1);

  private @Nullable PartialSink sink;
  private volatile @Nullable Thread thread;

  // Only the thread of run() uses these.
  private final Map<Path, Known> known = new TreeMap<>();
  private final Map<Path, WatchKey> watched = new HashMap<>();
  private @Nullable WatchService watcher;
  private boolean watcherFailed;
  private long readAllNanos;
  private boolean published;
  private String publishedProblem = "";

  FileWatch(
      FileDiscovery settings,
      DiscoveryContext context,
      Pauses pauses,
      WatchServiceFactory watchServices) {
    this.settings = settings;
    this.context = context;
    this.pauses = pauses;
    this.watchServices = watchServices;
  }

  static WatchService watchService() throws IOException {
    return FileSystems.getDefault().newWatchService();
  }

  @Override
  public void start(TargetSink target) {
    sink = new PartialSink(target, FileDiscovery.KEY);
    Thread started = context.threads().newThread(this);
    thread = started;
    started.start();
  }

  @Override
  public void run() {
    PartialSink target = sink;
    if (target == null) {
      return;
    }
    try {
      while (closed.getCount() > 0) {
        boolean unsettled;
        try {
          watch();
          unsettled = look(target);
        } catch (RuntimeException | StackOverflowError e) {
          logger.warn("file_sd: failed to check the files", e);
          target.failed("file_sd failed: " + e);
          unsettled = false;
        }
        sleep(unsettled ? pauses.settle() : pauses.look());
      }
    } catch (InterruptedException | ClosedWatchServiceException ignored) {
      logger.debug("file_sd: stopped");
    } finally {
      closeWatcher();
    }
  }

  private void sleep(Duration pause) throws InterruptedException {
    WatchService service = watcher;
    if (service == null) {
      closed.await(pause.toNanos(), TimeUnit.NANOSECONDS);
      return;
    }
    WatchKey key = service.poll(pause.toNanos(), TimeUnit.NANOSECONDS);
    while (key != null) {
      key.pollEvents();
      if (!key.reset()) {
        watched.values().remove(key);
      }
      key = service.poll();
    }
  }

  /** Registers the directories for change notifications, where possible. */
  private void watch() {
    if (watcherFailed) {
      return;
    }
    try {
      WatchService service = watcher;
      if (service == null) {
        service = watchServices.create();
        watcher = service;
      }
      for (Path file : settings.files()) {
        Path directory = directoryOf(file);
        if (!watched.containsKey(directory) && Files.isDirectory(directory)) {
          watched.put(
              directory,
              directory.register(
                  service,
                  StandardWatchEventKinds.ENTRY_CREATE,
                  StandardWatchEventKinds.ENTRY_MODIFY,
                  StandardWatchEventKinds.ENTRY_DELETE));
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      logger.debug("file_sd: a directory was removed while it was listed", e);
    } catch (IOException | UnsupportedOperationException unable) {
      watcherFailed = true;
      closeWatcher();
      logger.warn(
          "file_sd: the file system does not report changes ({}); polling the files every {}"
              + " ms. On Linux, raise fs.inotify.max_user_watches and max_user_instances",
          unable.toString(),
          pauses.look().toMillis());
    }
  }

  private void closeWatcher() {
    WatchService service = watcher;
    watcher = null;
    watched.clear();
    if (service != null) {
      try {
        service.close();
      } catch (IOException e) {
        logger.debug("file_sd: failed to close the watcher", e);
      }
    }
  }

  private static Path directoryOf(Path file) {
    Path parent = file.getParent();
    return parent == null ? file : parent;
  }

  /** Returns whether some file has changed and is not yet stable. */
  private boolean look(PartialSink target) {
    List<String> problems = new ArrayList<>();
    boolean all = System.nanoTime() - readAllNanos > settings.refreshInterval().toNanos();
    if (all) {
      readAllNanos = System.nanoTime();
    }
    NavigableSet<Path> files = files(problems);
    boolean changed = known.keySet().retainAll(files);
    boolean unsettled = false;
    for (Path file : files) {
      Known entry = known.computeIfAbsent(file, f -> new Known());
      Stamp stamp = stamp(file);
      if (all || !java.util.Objects.equals(stamp, entry.read)) {
        if (settled(entry, stamp)) {
          changed |= read(file, stamp, entry);
        } else {
          unsettled = true;
        }
      }
      if (!entry.problem.isEmpty()) {
        problems.add(entry.problem);
      }
    }
    String problem = String.join("; ", problems);
    if (changed || !published || !problem.equals(publishedProblem)) {
      publish(target, problem);
    }
    return unsettled;
  }

  private void publish(PartialSink target, String problem) {
    List<TargetGroup> groups = new ArrayList<>();
    known.values().forEach(entry -> groups.addAll(entry.groups));
    target.problem(problem);
    if (groups.isEmpty() && !problem.isEmpty() && !published) {
      // No valid list was ever read: that is a failure, not an empty set.
      target.show();
    } else {
      target.replace(groups);
      published = true;
    }
    publishedProblem = problem;
  }

  private boolean settled(Known entry, @Nullable Stamp stamp) {
    if (entry.read == null || java.util.Objects.equals(stamp, entry.read)) {
      return true;
    }
    long now = System.nanoTime();
    if (!java.util.Objects.equals(stamp, entry.seen)) {
      entry.seen = stamp;
      entry.seenNanos = now;
      return false;
    }
    return now - entry.seenNanos >= pauses.settle().toNanos();
  }

  private NavigableSet<Path> files(List<String> problems) {
    NavigableSet<Path> files = new TreeSet<>();
    for (Path pattern : settings.files()) {
      String name = String.valueOf(pattern.getFileName());
      if (!name.contains("*")) {
        if (Files.exists(pattern)) {
          files.add(pattern);
        } else {
          problems.add(pattern + " does not exist");
        }
        continue;
      }
      String glob = name.replaceAll("([\\\\\\[\\]{}?])", "\\\\$1");
      try (DirectoryStream<Path> found = Files.newDirectoryStream(directoryOf(pattern), glob)) {
        for (Path file : found) {
          if (!Files.isDirectory(file)) {
            files.add(file);
          }
        }
      } catch (IOException | DirectoryIteratorException e) {
        problems.add("cannot list " + directoryOf(pattern) + " (" + e + ")");
        // The last targets of the directory stay.
        known.keySet().stream()
            .filter(file -> directoryOf(file).equals(directoryOf(pattern)))
            .forEach(files::add);
      }
    }
    return files;
  }

  private static @Nullable Stamp stamp(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(
          attributes.size(),
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          attributes.fileKey());
    } catch (IOException ignored) {
      return null;
    }
  }

  /** Returns whether the groups of a file have changed. */
  private boolean read(Path file, @Nullable Stamp stamp, Known entry) {
    entry.read = stamp;
    List<TargetGroup> before = entry.groups;
    ConfigProblems problems = new ConfigProblems();
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new IOException("larger than " + MAX_BYTES + " bytes");
      }
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      if (text.isBlank()) {
        entry.problem =
            file + " is empty; write [] for no targets, and rename a complete file over it";
        return false;
      }
      Optional<ConfigNode> root = root(file, text, problems);
      List<TargetGroup> groups =
          root.map(node -> TargetGroups.read(node, file.toString(), "__meta_filepath"))
              .orElse(List.of());
      if (problems.isEmpty() && root.isEmpty()) {
        entry.problem = file + " does not contain a list; write [] for no targets";
        return false;
      }
      if (!problems.isEmpty()) {
        entry.problem = describe(problems.list());
        return false;
      }
      entry.problem = "";
      entry.groups = groups;
    } catch (IOException e) {
      entry.problem = "cannot read " + file + " (" + e + ")";
    }
    return !before.equals(entry.groups);
  }

  private static Optional<ConfigNode> root(Path file, String text, ConfigProblems problems) {
    if (file.toString().toLowerCase(Locale.ROOT).endsWith(".json")) {
      return JsonNodes.read(text, file.toString(), problems);
    }
    return YamlNodes.read(text, file.toString(), directoryOf(file), problems);
  }

  private static String describe(List<ConfigProblem> problems) {
    String more = problems.size() > 3 ? "; and " + (problems.size() - 3) + " more" : "";
    return String.join("; ", problems.stream().limit(3).map(ConfigProblem::toString).toList())
        + more
        + "; to change a file, write a new one and rename it over the old one";
  }

  @Override
  public void close() {
    closed.countDown();
    Thread running = thread;
    if (running != null && running != Thread.currentThread()) {
      running.interrupt();
      try {
        running.join(JOIN_MILLIS);
      } catch (InterruptedException ignored) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
