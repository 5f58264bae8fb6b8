package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.HttpStream;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import dev.psc.scrape.kubernetes.KubernetesApi.Page;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists one collection, watches it from there, and lists again only when the server no longer knows
 * the version at which the watch ended. Runs on its own thread until it is closed.
 */
final class Reflector implements Runnable {

  private static final Logger logger = LoggerFactory.getLogger(Reflector.class);

  /** Objects per page of a list. */
  private static final int PAGE = 500;

  /** Limit on the pages of a list: an endless list would fill the memory. */
  private static final int MAX_PAGES = 1_000;

  /** Refusals after a success that count as transient: a starting server answers 403 as well. */
  private static final int TRANSIENT_DENIALS = 3;

  /** Watches in a row that end immediately before that is reported. */
  private static final int HASTY_REPORTED = 3;

  /** Watches from one version with an unreadable event before the collection is listed again. */
  private static final int UNREADABLE_RELIST = 5;

  /** Finds the API server before each request, as kubeconfigs change. */
  interface ServerSource {

    /** Returns the present API server. */
    ApiServer get() throws DiscoveryException;

    /** Returns the state of the files that the settings come from. */
    FileStamp stamp();
  }

  private final KubernetesApi api;
  private final ServerSource source;
  private final Collection what;
  private final GroupIndex index;
  private final Timing timing;
  private final ScheduledExecutorService scheduler;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable HttpStream stream;
  private final AtomicInteger attempt = new AtomicInteger();

  // Only the thread of run() uses these.
  private @Nullable ApiServer server;
  private @Nullable Position position;
  private FileStamp stamp;
  private int failures;
  private int deniedInRow;
  private int goneInRow;
  private int hastyInRow;
  private boolean succeeded;
  private long openedNanos;
  private boolean opened;

  Reflector(
      KubernetesApi api,
      ServerSource source,
      Collection what,
      GroupIndex index,
      Timing timing,
      ScheduledExecutorService scheduler) {
    this.api = api;
    this.source = source;
    this.what = what;
    this.index = index;
    this.timing = timing;
    this.scheduler = scheduler;
    this.stamp = source.stamp();
  }

  /** Ends {@link #run} soon; the thread has to be interrupted as well. */
  void close() {
    closed.countDown();
    closeStream();
  }

  private void keep(HttpStream current) {
    stream = current;
    if (isClosed()) {
      closeStream();
    }
  }

  private void closeStream() {
    HttpStream current = stream;
    if (current != null) {
      current.close();
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  @Override
  public void run() {
    try {
      while (!isClosed()) {
        step();
      }
    } catch (InterruptedException e) {
      logger.debug("kubernetes_sd: stopped watching {}", what.describe());
    }
  }

  private void step() throws InterruptedException {
    stamp = source.stamp();
    opened = false;
    try {
      ApiServer current = source.get();
      if (!current.equals(server)) {
        // Versions of another server are not comparable.
        position = null;
        server = current;
        // Changes of its files count from now on.
        stamp = source.stamp();
      }
      Position at = position;
      if (at == null) {
        at = new Position(list(current));
        position = at;
      }
      watch(current, at);
      ended();
    } catch (ApiException e) {
      if (isClosed()) {
        return;
      }
      if (opened) {
        brokeOff(e);
      } else {
        refused(e);
      }
    } catch (DiscoveryException e) {
      fail(String.valueOf(e.getMessage()), false, Duration.ZERO);
    } catch (RuntimeException | StackOverflowError e) {
      logger.warn("kubernetes_sd: unexpected error on {}", what.describe(), e);
      fail("cannot watch " + what.describe() + ": " + e, false, Duration.ZERO);
    } finally {
      attempt.incrementAndGet();
    }
  }

  private String list(ApiServer current)
      throws ApiException, DiscoveryException, InterruptedException {
    List<KubeObject> objects = new ArrayList<>();
    Page page = api.list(current, what, PAGE, "", this::keep);
    objects.addAll(page.objects());
    int pages = 1;
    while (!page.next().isEmpty()) {
      String next = page.next();
      try {
        page = api.list(current, what, PAGE, next, this::keep);
      } catch (ApiException e) {
        if (!e.gone()) {
          throw e;
        }
        // The token of the next page expired: the rest would not fit the pages so far.
        objects.clear();
        page = api.list(current, what, 0, "", this::keep);
      }
      if (++pages > MAX_PAGES || page.next().equals(next)) {
        throw new DiscoveryException(
            "the list of "
                + what.describe()
                + " does not end: page "
                + pages
                + " names a next one");
      }
      objects.addAll(page.objects());
    }
    accepted();
    index.replaced(what, objects);
    return page.version();
  }

  private void watch(ApiServer current, Position at) throws ApiException, InterruptedException {
    Future<?>[] stable = {null};
    try {
      api.watch(
          current,
          what,
          at.version,
          at,
          open -> {
            keep(open);
            opened = true;
            openedNanos = System.nanoTime();
            accepted();
            int number = attempt.get();
            stable[0] =
                scheduler.schedule(
                    () -> {
                      if (number == attempt.get()) {
                        index.watching(what);
                      }
                    },
                    timing.liveness().stable().toNanos(),
                    TimeUnit.NANOSECONDS);
          });
    } finally {
      if (stable[0] != null) {
        stable[0].cancel(false);
      }
    }
  }

  private void accepted() {
    succeeded = true;
    deniedInRow = 0;
  }

  /** Returns whether the watch that ended was open long enough to count as working. */
  private boolean wasStable() {
    boolean stable =
        opened && System.nanoTime() - openedNanos >= timing.liveness().stable().toNanos();
    if (stable) {
      failures = 0;
      hastyInRow = 0;
      goneInRow = 0;
    }
    return stable;
  }

  /** The server ended the watch, as it was asked to. */
  private void ended() throws InterruptedException {
    if (!wasStable() && !isClosed()) {
      hasty("cannot watch " + what.describe() + ": the API server ends each watch immediately");
    }
  }

  /** Waits after a watch that ended immediately, whatever was in it. */
  private void hasty(String message) throws InterruptedException {
    failures++;
    hastyInRow++;
    if (hastyInRow >= HASTY_REPORTED) {
      index.failed(what, message);
    }
    pause(false, Duration.ZERO);
  }

  /** An open watch broke, or the server sent an error in it. */
  private void brokeOff(ApiException e) throws InterruptedException {
    boolean stable = wasStable();
    if (e.gone()) {
      listAgain(stable, e);
    } else if (e.stalled()) {
      index.failed(what, e.text());
    } else if (!stable || e.answered() || e.unreadable()) {
      if (onlyAListHelps(e)) {
        position = null;
      }
      fail(e.text(), false, e.retryAfter());
    } else {
      logger.debug("kubernetes_sd: reopening the watch: {}", e.text());
    }
  }

  /**
   * Returns whether a watch from the same version would fail in the same way. client-go also lists
   * again after each error event but 429. An event that cannot be parsed may be the fault of a
   * proxy, so that a few watches are tried before the expensive list.
   */
  private boolean onlyAListHelps(ApiException e) {
    if (e.answered()) {
      return !e.tooManyRequests();
    }
    Position at = position;
    return e.unreadable() && at != null && ++at.rejected >= UNREADABLE_RELIST;
  }

  /** A list or a watch was refused, or could not be sent. The version stays valid. */
  private void refused(ApiException e) throws InterruptedException {
    if (e.gone()) {
      listAgain(false, e);
      return;
    }
    if (e.malformed()) {
      position = null;
    }
    if (e.unauthorized() && !stamp.equals(source.stamp())) {
      logger.debug("kubernetes_sd: the token changed, trying again: {}", e.text());
      return;
    }
    deniedInRow = e.denied() ? deniedInRow + 1 : 0;
    boolean denied = e.denied() && (!succeeded || deniedInRow > TRANSIENT_DENIALS);
    fail(e.text(), denied, e.retryAfter());
  }

  /** Lists again; with pauses if the server calls every fresh version too old. */
  private void listAgain(boolean stable, ApiException e) throws InterruptedException {
    logger.debug("kubernetes_sd: listing {} again: {}", what.describe(), e.text());
    position = null;
    goneInRow = stable ? 0 : goneInRow + 1;
    if (goneInRow > 1) {
      failures = Math.max(failures, goneInRow - 1);
      pause(false, e.retryAfter());
    }
  }

  private void fail(String message, boolean denied, Duration retryAfter)
      throws InterruptedException {
    if (isClosed()) {
      return;
    }
    failures++;
    index.failed(what, message);
    pause(denied, retryAfter);
  }

  /** Waits before the next attempt, but no longer than until a file of the settings changes. */
  private void pause(boolean denied, Duration retryAfter) throws InterruptedException {
    Duration pause =
        timing.pause(
            Math.max(1, failures), denied, retryAfter, ThreadLocalRandom.current().nextDouble());
    long until = System.nanoTime() + pause.toNanos();
    long slice = timing.liveness().interval().toNanos();
    while (true) {
      long left = until - System.nanoTime();
      if (left <= 0 || !stamp.equals(source.stamp())) {
        return;
      }
      if (closed.await(Math.min(left, slice), TimeUnit.NANOSECONDS)) {
        throw new InterruptedException("closed");
      }
    }
  }

  /** The version up to which the collection is known. */
  private final class Position implements KubernetesApi.Events {

    private String version;
    private int rejected;
    private volatile boolean bookmarksSeen;

    Position(String version) {
      this.version = version;
    }

    @Override
    public void changed(KubeObject object) {
      index.changed(what, object);
    }

    @Override
    public void deleted(KubeObject object) {
      index.deleted(what, object);
    }

    @Override
    public void version(String version) {
      if (!version.isEmpty() && !version.equals(this.version)) {
        rejected = 0;
        this.version = version;
      }
    }

    @Override
    public void bookmark() {
      bookmarksSeen = true;
    }

    @Override
    public boolean bookmarksSeen() {
      return bookmarksSeen;
    }
  }
}
