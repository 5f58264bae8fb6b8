package dev.psc.scraper.command;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.jvm.JfrFiles;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.label.LabelSet;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.config.ScraperSettings;
import dev.psc.scraper.store.StoreConnection;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The command {@code psc-scraper push FILE…}, which converts flight recordings and sends their
 * profiles. A file that cannot be sent is reported, and the other files are still sent.
 */
public final class Push {

  public static final String COMMAND = "push";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Options options;
  private final PrintStream out;
  private final PrintStream err;
  private final Duration patience;
  private final JfrFiles.Builder recordings = JfrFiles.builder();
  private boolean failed;
  private boolean stuck;

  public Push(Options options, PrintStream out, PrintStream err) {
    this(options, out, err, PATIENCE);
  }

  /**
   * @param patience how long to wait for the store each time the queue is flushed
   */
  public Push(Options options, PrintStream out, PrintStream err, Duration patience) {
    this.options = options;
    this.out = out;
    this.err = err;
    this.patience = patience;
  }

  /**
   * Returns 0 if the store accepted every profile of every file, and 1 otherwise, also if a file
   * has no profile.
   */
  public int run() throws UsageException {
    List<String> files = options.arguments;
    if (files.isEmpty()) {
      throw new UsageException("push: name at least one .jfr file");
    }
    LabelSet labels = ScraperSettings.externalLabels(options);
    recordings.group(files.stream().map(Path::of).toList());
    StoreConnection link = StoreConnection.open(options);
    try {
      Delivery delivery = link.delivery();
      delivery.start();
      for (String file : files) {
        if (stuck) {
          fail(file + ": not sent");
        } else {
          push(delivery, labels, file);
        }
      }
      if (!stuck) {
        flush(delivery);
      }
      DeliverySnapshot end = delivery.snapshot();
      if (end.droppedTotal() > 0) {
        fail(end.droppedTotal() + " profile(s) were dropped: " + end.dropped());
      }
      out.printf(Locale.ROOT, "sent %d profile(s) of %d file(s)%n", end.sent(), files.size());
    } finally {
      link.close(options.buffer.shutdownTimeout);
    }
    return failed ? 1 : 0;
  }

  private void push(Delivery delivery, LabelSet labels, String file) {
    JfrConversion recording;
    try {
      Path path = Path.of(file);
      if (Files.isDirectory(path)) {
        fail(file + ": is a directory; name the files in it");
        return;
      }
      recording = recordings.convert(path);
    } catch (NoSuchFileException e) {
      fail(file + ": file not found");
      return;
    } catch (AccessDeniedException e) {
      fail(file + ": permission denied");
      return;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      fail(message.contains(file) ? message : file + ": " + message);
      return;
    }
    List<RawProfile> profiles = recording.profiles(labels);
    for (RawProfile profile : profiles) {
      makeRoom(delivery, profile);
      if (stuck) {
        fail(file + ": " + profile.name() + ": not sent");
      } else if (delivery.accept(profile) instanceof Acceptance.Refused refused) {
        fail(file + ": " + profile.name() + ": " + refused.message());
      }
    }
    if (profiles.isEmpty() && recording.isCoveredElsewhere()) {
      out.println(file + ": nothing to send, because other files have its profiles");
    } else if (profiles.isEmpty()) {
      fail(file + ": has no events that a profile is made of; events: " + recording.events());
    } else {
      out.println(
          file + ": " + String.join(", ", profiles.stream().map(RawProfile::name).toList()));
    }
    recording.remarks().forEach(remark -> out.println("  note: " + remark));
  }

  /** Flushes the queue before it is full, since a full queue drops its oldest profiles. */
  private void makeRoom(Delivery delivery, RawProfile profile) {
    DeliverySnapshot now = delivery.snapshot();
    if (!stuck
        && now.queued() > 0
        && now.queueBytes() + profile.sizeBytes() > options.buffer.queueMaxBytes.bytes() / 2) {
      flush(delivery);
    }
  }

  private void flush(Delivery delivery) {
    if (!delivery.flush(patience)) {
      stuck = true;
      DeliverySnapshot now = delivery.snapshot();
      fail(
          "the store has not accepted "
              + now.queued()
              + " profile(s) within "
              + patience.toSeconds()
              + " s: "
              + now.stateMessage()
              + (options.buffer.spoolDir == null
                  ? ""
                  : " (kept in " + options.buffer.spoolDir + ")"));
    }
  }

  private void fail(String problem) {
    failed = true;
    err.println("psc-scraper: " + problem);
  }
}
