package dev.psc.scraper.config;

import dev.psc.scrape.config.ScrapeConfigFile;
import dev.psc.scrape.settings.ConfigException;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scraper.cli.UsageException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A config file that was read. Immutable.
 *
 * @param jobs its jobs
 * @param readAt when it was read
 */
public record ConfigFile(List<ScrapeJob> jobs, Instant readAt) {

  /**
   * Reads a file.
   *
   * @throws UsageException with every problem, each with line, column and path
   */
  public static ConfigFile read(Path file) throws UsageException {
    try {
      return new ConfigFile(List.copyOf(ScrapeConfigFile.read(file)), Instant.now());
    } catch (NoSuchFileException e) {
      throw new UsageException("--config-path: file " + file + " does not exist");
    } catch (CharacterCodingException e) {
      throw new UsageException("--config-path: " + file + " is not UTF-8 text");
    } catch (IOException e) {
      throw new UsageException("--config-path: " + file + " cannot be read: " + e);
    } catch (ConfigException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /** Returns the config with all defaults, as YAML. */
  public String effectiveYaml() {
    return ScrapeConfigFile.toYaml(jobs);
  }
}
