package dev.psc.scrape;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.label.LabelSet;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.internal.http.JdkHttpClients;
import dev.psc.scrape.internal.loop.HttpProfileFetcher;
import dev.psc.scrape.internal.loop.LoopListener;
import dev.psc.scrape.internal.loop.ScrapeScheduler;
import dev.psc.scrape.internal.transform.DeltaTransform;
import dev.psc.scrape.internal.transform.Validation;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scraper that discovers targets, scrapes them at their intervals, and passes their profiles to a
 * receiver. Thread-safe.
 *
 * <pre>{@code
 * Scraper scraper =
 *     Scraper.builder()
 *         .job(ScrapeJob.builder("api").discovery(StaticDiscovery.of("127.0.0.1:6060")).build())
 *         .build();
 * scraper.start(receiver);
 * }</pre>
 *
 * <p>Nothing runs before {@link #start}; a few daemon threads do afterwards, however many targets
 * there are. The receiver, listeners and transforms that are handed in are not closed.
 */
public final class Scraper implements ProfileSource {

  private static final Logger logger = LoggerFactory.getLogger(Scraper.class);
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);

  private final ScraperBuilder settings;

  /** One transform for all jobs, so that the state of a series outlives a reload. */
  private final DeltaTransform delta;

  /** Held while jobs are started and stopped, which calls discoveries. */
  private final Object applying = new Object();

  /** Held for moments only. */
  private final Object lock = new Object();

  // Guarded by lock.
  private final Map<String, JobRun> jobs = new LinkedHashMap<>();
  private List<ScrapeJob> configured;
  private @Nullable Running runtime;
  private boolean closed;
  private volatile boolean closing;

  /** The parts that run between start and close. */
  private record Running(
      ScheduledThreadPoolExecutor scheduler,
      ExecutorService workers,
      ExecutorService blocking,
      ExecutorService updates,
      JdkHttpClients http,
      DiscoveryContext context,
      ScrapeScheduler loops) {}

  Scraper(ScraperBuilder settings) {
    this.settings = settings;
    this.configured = settings.jobs;
    this.delta = DeltaTransform.create(PprofLimits.defaults(), settings.deltaStateMaxBytes);
  }

  /** Returns a builder without jobs. */
  public static ScraperBuilder builder() {
    return new ScraperBuilder();
  }

  @Override
  public void start(ProfileReceiver receiver) {
    synchronized (applying) {
      Running started;
      synchronized (lock) {
        if (closed) {
          throw new IllegalStateException("the scraper is closed");
        }
        if (runtime != null) {
          return;
        }
        started = open(receiver);
        runtime = started;
      }
      applyJobs(started);
      Thread timer = settings.threadFactory.newThread(started.loops::run);
      timer.setName("psc-scrape-timer");
      timer.start();
    }
  }

  private Running open(ProfileReceiver receiver) {
    ScheduledThreadPoolExecutor scheduler =
        new ScheduledThreadPoolExecutor(1, named("psc-scrape-scheduler"));
    scheduler.setRemoveOnCancelPolicy(true);
    ExecutorService workers =
        pool(settings.workerThreads, new LinkedBlockingQueue<>(), named("psc-scrape-worker"));
    ExecutorService updates = pool(1, new LinkedBlockingQueue<>(), named("psc-scrape-targets"));
    ExecutorService blocking =
        new ThreadPoolExecutor(
            0,
            settings.discoveryThreads,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            named("psc-scrape-discovery"),
            // A discovery beyond the limit is not run on the scheduler's thread: it is retried
            // soon.
            (task, executor) -> {
              if (!executor.isShutdown()) {
                Object unused =
                    scheduler.schedule(() -> executor.execute(task), 100, TimeUnit.MILLISECONDS);
              }
            });
    JdkHttpClients http =
        new JdkHttpClients(scheduler, workers, settings.userAgent, settings.maxBytesInFlight);
    ScrapeScheduler loops =
        new ScrapeScheduler(
            settings.fetcher == null ? new HttpProfileFetcher(http) : settings.fetcher,
            new Pipeline(this::transforms, receiver, () -> closing),
            schedulerListener(settings.listener),
            workers,
            epochNanos(),
            seed(settings.offsetSeed),
            settings.maxConcurrentScrapes);
    DiscoveryContext context =
        new DiscoveryContext(scheduler, blocking, settings.threadFactory, http, Clock.systemUTC());
    return new Running(scheduler, workers, blocking, updates, http, context, loops);
  }

  private static ExecutorService pool(
      int threads, LinkedBlockingQueue<Runnable> queue, ThreadFactory factory) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(threads, threads, 30, TimeUnit.SECONDS, queue, factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  private ThreadFactory named(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = settings.threadFactory.newThread(task);
      thread.setName(name + "-" + number.incrementAndGet());
      return thread;
    };
  }

  /** The wall clock at the start, and then a clock that is never adjusted. */
  private static LongSupplier epochNanos() {
    Instant now = Instant.now();
    long base = now.getEpochSecond() * 1_000_000_000L + now.getNano() - System.nanoTime();
    return () -> base + System.nanoTime();
  }

  private static long seed(String text) {
    return text.isEmpty() ? 0 : LabelSet.of("seed", text).hash();
  }

  private List<ProfileTransform> transforms(Target target) {
    List<ProfileTransform> all = new ArrayList<>();
    Validation validation =
        new Validation(target.job().inflatedSizeLimitBytes(), target.profile().keepSampleTypes());
    all.add(target.profile().computeDelta() ? validation.withDelta(delta) : validation);
    all.addAll(target.job().transforms());
    all.addAll(settings.transforms);
    return all;
  }

  /** Applies the configured jobs. */
  private void applyJobs(Running running) {
    List<ScrapeJob> wanted;
    Map<String, JobRun> before;
    synchronized (lock) {
      wanted = configured;
      before = new LinkedHashMap<>(jobs);
    }
    Set<String> names = new HashSet<>();
    wanted.forEach(job -> names.add(job.name()));
    before.values().stream()
        .filter(run -> !names.contains(run.job().name()))
        .forEach(JobRun::close);
    Map<String, JobRun> after = new LinkedHashMap<>();
    for (ScrapeJob job : wanted) {
      JobRun run = before.get(job.name());
      if (run == null) {
        run =
            new JobRun(
                job,
                running.context,
                running.updates,
                running.loops,
                settings.relabeling,
                settings.externalLabels,
                settings.listener);
        run.apply(job);
      } else if (!run.job().equals(job)) {
        run.apply(job);
      }
      after.put(job.name(), run);
    }
    boolean late;
    synchronized (lock) {
      jobs.clear();
      late = closed;
      if (!late) {
        jobs.putAll(after);
      }
    }
    if (late) {
      after.values().forEach(JobRun::close);
    }
  }

  /**
   * Replaces the jobs. Equal jobs keep running; so do equal discoveries of a changed job, and its
   * targets with equal labels and URL, with all their state.
   *
   * @throws IllegalArgumentException when two jobs have the same name; nothing changes then
   */
  public void reload(Collection<ScrapeJob> jobs) {
    List<ScrapeJob> next = ScraperBuilder.checked(jobs);
    synchronized (applying) {
      Running running;
      synchronized (lock) {
        configured = next;
        running = runtime;
      }
      if (running != null) {
        applyJobs(running);
      }
    }
  }

  /**
   * Discovers without scraping: starts the discoveries, waits until each has published or failed,
   * and returns what the targets would be. For a scraper that is not started; it is closed
   * afterwards.
   *
   * @param timeout how long to wait for discoveries; those that did not answer until then are
   *     without groups in the result
   * @throws IllegalStateException when the scraper is started or closed
   * @throws InterruptedException when the thread is interrupted
   */
  public ScraperSnapshot discover(Duration timeout) throws InterruptedException {
    List<JobRun> runs;
    synchronized (applying) {
      Running opened;
      synchronized (lock) {
        if (closed || runtime != null) {
          throw new IllegalStateException("the scraper is started or closed already");
        }
        opened = open(profile -> new Acceptance.Withheld("discover", "targets are only listed"));
        runtime = opened;
      }
      applyJobs(opened);
      synchronized (lock) {
        runs = List.copyOf(jobs.values());
      }
    }
    try {
      long deadline = System.nanoTime() + timeout.toNanos();
      while (!runs.stream().allMatch(JobRun::hasSettled) && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      return snapshot();
    } finally {
      close();
    }
  }

  /** Returns the state of everything. */
  public ScraperSnapshot snapshot() {
    List<JobRun> runs;
    Running running;
    synchronized (lock) {
      runs = List.copyOf(jobs.values());
      running = runtime;
    }
    return new ScraperSnapshot(
        runs.stream().map(JobRun::snapshot).toList(),
        running == null ? 0 : running.loops.scraping(),
        running == null ? 0 : running.loops.waiting());
  }

  /**
   * Scrapes one target now, in addition to its schedule.
   *
   * @param id of the target, as {@link Target#id} of a snapshot's targets
   * @return completes with the report; cancelled when the target is removed meanwhile
   * @throws IllegalArgumentException when there is no such target
   * @throws IllegalStateException when the scraper is not started
   */
  public CompletableFuture<ScrapeReport> scrapeNow(String id) {
    Running running;
    synchronized (lock) {
      running = runtime;
      if (running == null || closed) {
        throw new IllegalStateException("the scraper is not started, or closed");
      }
    }
    return running.loops.scrapeNow(id);
  }

  /**
   * Returns the effect of each rule of a job on a target.
   *
   * @param job the job's name
   * @param discovered the target's labels before relabelling, as a snapshot shows them
   * @throws IllegalArgumentException when there is no such job
   */
  public List<Relabeling.Step> explain(String job, LabelSet discovered) {
    JobRun run;
    synchronized (lock) {
      run = jobs.get(job);
    }
    if (run == null) {
      throw new IllegalArgumentException("unknown job " + job);
    }
    return run.explain(discovered);
  }

  /**
   * Stops discovery and scraping, and cancels running scrapes. Returns within about 10 s, usually
   * immediately. No profile is passed on afterwards. Idempotent.
   */
  @Override
  public void close() {
    List<JobRun> runs;
    Running running;
    synchronized (lock) {
      closed = true;
      runs = List.copyOf(jobs.values());
      jobs.clear();
      running = runtime;
      runtime = null;
    }
    if (running == null) {
      return;
    }
    running.loops.close();
    closing = true;
    runs.forEach(JobRun::close);
    running.http.close();
    running.updates.shutdownNow();
    running.blocking.shutdownNow();
    running.scheduler.shutdownNow();
    running.workers.shutdown();
    try {
      if (!running.blocking.awaitTermination(CLOSE_WAIT.toMillis(), TimeUnit.MILLISECONDS)
          || !running.updates.awaitTermination(CLOSE_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        logger.warn(
            "A discovery did not stop within {}; its daemon thread keeps running", CLOSE_WAIT);
      }
    } catch (InterruptedException ignored) {
      Thread.currentThread().interrupt();
    }
  }

  private static LoopListener schedulerListener(ScrapeListener listener) {
    return new LoopListener() {
      @Override
      public void scraped(ScrapeReport report) {
        listener.scraped(report);
      }

      @Override
      public void missed(Target target, long intervals) {
        listener.missed(target, intervals);
      }
    };
  }
}
