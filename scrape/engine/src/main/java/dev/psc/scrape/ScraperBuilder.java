package dev.psc.scrape;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.label.LabelSet;
import dev.psc.scrape.internal.transform.DeltaTransform;
import dev.psc.scrape.loop.ProfileFetcher;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ScrapeJob;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A builder of {@link Scraper}. Not thread-safe. */
public final class ScraperBuilder {

  List<ScrapeJob> jobs = List.of();
  LabelSet externalLabels = LabelSet.empty();
  Relabeling relabeling = Relabeling.NONE;
  List<ProfileTransform> transforms = List.of();
  String offsetSeed = "";
  int maxConcurrentScrapes = 20_000;
  long maxBytesInFlight = Math.max(8L << 20, Runtime.getRuntime().maxMemory() / 8);
  long deltaStateMaxBytes =
      Math.max(
          DeltaTransform.MIN_STATE_BYTES,
          Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 16));
  int workerThreads = Math.max(2, Runtime.getRuntime().availableProcessors());
  int discoveryThreads = 16;
  String userAgent = "psc-scraper";
  ScrapeListener listener = new ScrapeListener() {};
  ThreadFactory threadFactory = daemons();
  @Nullable ProfileFetcher fetcher;

  ScraperBuilder() {}

  private ScraperBuilder(ScraperBuilder other) {
    this.jobs = checked(other.jobs);
    this.externalLabels = other.externalLabels;
    this.relabeling = other.relabeling;
    this.transforms = other.transforms;
    this.offsetSeed = other.offsetSeed;
    this.maxConcurrentScrapes = other.maxConcurrentScrapes;
    this.maxBytesInFlight = other.maxBytesInFlight;
    this.deltaStateMaxBytes = other.deltaStateMaxBytes;
    this.workerThreads = other.workerThreads;
    this.userAgent = other.userAgent;
    this.listener = other.listener;
    this.threadFactory = other.threadFactory;
    this.fetcher = other.fetcher;
  }

  private static ThreadFactory daemons() {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "psc-scrape-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  static List<ScrapeJob> checked(Collection<ScrapeJob> jobs) {
    Set<String> names = new HashSet<>();
    for (ScrapeJob job : jobs) {
      if (!names.add(job.name())) {
        throw new IllegalArgumentException("two jobs have the name \"" + job.name() + "\"");
      }
    }
    return List.copyOf(jobs);
  }

  /** Adds a job. */
  public ScraperBuilder job(ScrapeJob job) {
    List<ScrapeJob> all = new ArrayList<>(jobs);
    all.add(job);
    this.jobs = List.copyOf(all);
    return this;
  }

  /** Sets the jobs; none by default. */
  public ScraperBuilder jobs(Collection<ScrapeJob> jobs) {
    this.jobs = List.copyOf(jobs);
    return this;
  }

  /** Sets labels that overwrite those of every profile; none by default. */
  public ScraperBuilder externalLabels(LabelSet labels) {
    this.externalLabels = Objects.requireNonNull(labels, "labels");
    return this;
  }

  /** Sets rules that run after those of every job and see all its labels; none by default. */
  public ScraperBuilder relabeling(Relabeling relabeling) {
    this.relabeling = Objects.requireNonNull(relabeling, "relabeling");
    return this;
  }

  /** Adds a transform of all profiles, which runs after those of their jobs. */
  public ScraperBuilder transform(ProfileTransform transform) {
    List<ProfileTransform> all = new ArrayList<>(transforms);
    all.add(Objects.requireNonNull(transform, "transform"));
    this.transforms = List.copyOf(all);
    return this;
  }

  /**
   * Sets a text that shifts the offsets of all scrapes, e.g. the name of this replica; empty by
   * default. With the same seed the offsets are the same after a restart.
   */
  public ScraperBuilder offsetSeed(String seed) {
    this.offsetSeed = Objects.requireNonNull(seed, "seed");
    return this;
  }

  /** Sets the limit on concurrent scrapes; 20,000 by default. Each is an open connection. */
  public ScraperBuilder maxConcurrentScrapes(int maxConcurrentScrapes) {
    atLeast("maxConcurrentScrapes", maxConcurrentScrapes, 1);
    this.maxConcurrentScrapes = maxConcurrentScrapes;
    return this;
  }

  /**
   * Sets the limit on bytes of responses being read; a quarter of the heap by default. Scrapes
   * beyond it fail as {@code overloaded}.
   */
  public ScraperBuilder maxBytesInFlight(long maxBytesInFlight) {
    atLeast("maxBytesInFlight", maxBytesInFlight, 1);
    this.maxBytesInFlight = maxBytesInFlight;
    return this;
  }

  /**
   * Sets the limit on bytes kept between scrapes for profiles with {@code computeDelta}, over all
   * series; 64 MiB by default, at least 1 MiB. Beyond the limit, the least recently seen series
   * start over.
   */
  public ScraperBuilder deltaStateMaxBytes(long deltaStateMaxBytes) {
    atLeast("deltaStateMaxBytes", deltaStateMaxBytes, DeltaTransform.MIN_STATE_BYTES);
    this.deltaStateMaxBytes = deltaStateMaxBytes;
    return this;
  }

  /** Sets the number of threads that handle responses; the number of processors by default. */
  public ScraperBuilder workerThreads(int workerThreads) {
    atLeast("workerThreads", workerThreads, 1);
    this.workerThreads = workerThreads;
    return this;
  }

  /** Sets the {@code User-Agent} header; {@code psc-scraper} by default. */
  public ScraperBuilder userAgent(String userAgent) {
    this.userAgent = Objects.requireNonNull(userAgent, "userAgent");
    return this;
  }

  /** Sets the listener; none by default. */
  public ScraperBuilder listener(ScrapeListener listener) {
    this.listener = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /** Sets the thread factory; daemon threads by default. The scraper names the threads. */
  public ScraperBuilder threadFactory(ThreadFactory threadFactory) {
    this.threadFactory = Objects.requireNonNull(threadFactory, "threadFactory");
    return this;
  }

  /** Sets the fetcher of profiles; HTTP by default. */
  public ScraperBuilder fetcher(ProfileFetcher fetcher) {
    this.fetcher = Objects.requireNonNull(fetcher, "fetcher");
    return this;
  }

  /**
   * Returns the scraper, not started.
   *
   * @throws IllegalArgumentException when two jobs have the same name
   */
  public Scraper build() {
    return new Scraper(new ScraperBuilder(this));
  }

  private static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(
          name + " must be at least " + least + ", but was " + value);
    }
  }
}
