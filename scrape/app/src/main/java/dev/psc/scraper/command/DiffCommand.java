package dev.psc.scraper.command;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.report.FlameGraph;
import dev.psc.scraper.cli.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The command {@code psc-scraper diff BEFORE AFTER}, which prints the flame graph of a difference
 * as one HTML page.
 */
public final class DiffCommand {

  public static final String COMMAND = "diff";

  private DiffCommand() {}

  /**
   * Prints the page.
   *
   * @param files the two profiles
   * @throws UsageException when they are not two readable profiles of one type
   */
  public static int run(String[] files, PrintStream out) throws UsageException {
    if (files.length != 2) {
      throw new UsageException(
          "diff: give two profiles: psc-scraper diff before.pb.gz after.pb.gz > diff.html");
    }
    Profile before = read(files[0]);
    Profile after = read(files[1]);
    try {
      byte[] page =
          FlameGraph.difference(before, after, files[0] + " → " + files[1])
              .getBytes(StandardCharsets.UTF_8);
      // The page declares UTF-8, whatever the locale is.
      out.write(page, 0, page.length);
      out.flush();
      return 0;
    } catch (IllegalArgumentException e) {
      throw new UsageException("diff: " + e.getMessage());
    }
  }

  private static Profile read(String file) throws UsageException {
    try {
      return Profile.parse(Files.readAllBytes(Path.of(file)));
    } catch (NoSuchFileException e) {
      throw new UsageException("diff: " + file + ": file not found");
    } catch (IOException | PprofException e) {
      throw new UsageException("diff: " + file + ": " + e.getMessage());
    }
  }
}
