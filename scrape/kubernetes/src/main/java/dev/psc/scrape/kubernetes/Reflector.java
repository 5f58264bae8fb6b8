package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.HttpStream;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import dev.psc.scrape.kubernetes.KubernetesApi.Page;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one collection: lists it, watches from there, and lists again when the server no longer
 * knows where the watch ended. Runs on a thread of its own until it is closed.
 */
final class Reflector implements Runnable {

  private static final Logger logger = LoggerFactory.getLogger(Reflector.class);

  /** Objects per answer of a list. */
  private static final int PAGE = 500;

  /** A watch that said nothing and ended this early counts as a failure. */
  private static final long HASTY_NANOS = 1_000_000_000L;

  /** Finds the API server; again for each list, since kubeconfigs change. */
  @FunctionalInterface
  interface ServerSource {

    /** Returns where the API server is now. */
    ApiServer get() throws DiscoveryException;
  }

  private final KubernetesApi api;
  private final ServerSource server;
  private final Collection what;
  private final GroupIndex index;
  private final Timing timing;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable HttpStream stream;

  // Only the thread of run() uses these.
  private int failures;
  private int goneInRow;

  Reflector(
      KubernetesApi api, ServerSource server, Collection what, GroupIndex index, Timing timing) {
    this.api = api;
    this.server = server;
    this.what = what;
    this.index = index;
    this.timing = timing;
  }

  Collection what() {
    return what;
  }

  /** Ends {@link #run} soon; the thread has to be interrupted as well. */
  void close() {
    closed.countDown();
    closeStream();
  }

  private void opened(HttpStream opened) {
    stream = opened;
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
        try {
          ApiServer current = server.get();
          String version = list(current);
          watchFrom(current, version);
        } catch (ApiException failure) {
          failed(failure.text(), failure.denied());
        } catch (DiscoveryException unknown) {
          failed(String.valueOf(unknown.getMessage()), false);
        } catch (RuntimeException fault) {
          logger.warn("kubernetes_sd: {}", what.describe(), fault);
          failed("cannot follow " + what.describe() + ": " + fault, false);
        }
      }
    } catch (InterruptedException stopped) {
      logger.debug("kubernetes_sd: no longer follows {}", what.describe());
    }
  }

  private void failed(String message, boolean denied) throws InterruptedException {
    if (isClosed()) {
      return;
    }
    failures++;
    index.failed(what, message);
    pause(failures, denied);
  }

  private void pause(int inRow, boolean denied) throws InterruptedException {
    Duration pause = timing.pause(inRow, denied, ThreadLocalRandom.current().nextDouble());
    if (closed.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new InterruptedException("closed");
    }
  }

  private String list(ApiServer current) throws ApiException, InterruptedException {
    List<KubeObject> objects = new ArrayList<>();
    Page page = api.list(current, what, PAGE, "", this::opened);
    objects.addAll(page.objects());
    while (!page.next().isEmpty()) {
      try {
        page = api.list(current, what, PAGE, page.next(), this::opened);
      } catch (ApiException expired) {
        if (!expired.gone()) {
          throw expired;
        }
        // The place to go on from is too old: the rest would not fit what is there already.
        objects.clear();
        page = api.list(current, what, 0, "", this::opened);
      }
      objects.addAll(page.objects());
    }
    failures = 0;
    index.replaced(what, objects);
    return page.version();
  }

  /** Watches, again and again from where it ended, until the list has to be made anew. */
  private void watchFrom(ApiServer current, String listed)
      throws ApiException, InterruptedException {
    Position position = new Position(listed);
    int hasty = 0;
    while (!isClosed()) {
      long started = System.nanoTime();
      boolean before = position.moved;
      position.moved = false;
      try {
        api.watch(current, what, position.version, position, this::opened);
        index.watching(what);
        failures = 0;
      } catch (ApiException ended) {
        if (ended.gone()) {
          logger.debug(
              "kubernetes_sd: {} have to be listed anew: {}", what.describe(), ended.text());
          goneAgain(before || position.moved);
          return;
        }
        if (ended.answered()) {
          throw ended;
        }
        if (position.moved || System.nanoTime() - started > HASTY_NANOS) {
          // Connections end; what matters is whether the next one works.
          logger.debug("kubernetes_sd: watches again: {}", ended.text());
        } else {
          failed(ended.text(), false);
          continue;
        }
      }
      if (!position.moved && System.nanoTime() - started < HASTY_NANOS) {
        hasty++;
        pause(hasty, false);
      } else {
        hasty = 0;
      }
    }
  }

  /** A server that calls every fresh list too old must not be asked for it in a loop. */
  private void goneAgain(boolean moved) throws InterruptedException {
    goneInRow = moved ? 0 : goneInRow + 1;
    if (goneInRow > 1) {
      pause(goneInRow - 1, false);
    }
  }

  /** Where a watch has come to. */
  private final class Position implements KubernetesApi.Events {

    private String version;
    private boolean moved;

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
      moved = true;
      goneInRow = 0;
      failures = 0;
      if (!version.isEmpty()) {
        this.version = version;
      }
    }
  }
}
