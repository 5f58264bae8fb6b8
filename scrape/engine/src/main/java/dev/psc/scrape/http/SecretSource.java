package dev.psc.scrape.http;

import dev.psc.scrape.settings.Secret;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The source of a secret: a value in the configuration, or a file that is reloaded when it changes.
 * Immutable; prints without the secret.
 */
public final class SecretSource {

  private final @Nullable Secret value;
  private final @Nullable Path file;

  private SecretSource(@Nullable Secret value, @Nullable Path file) {
    this.value = value;
    this.file = file;
  }

  /** Returns the source of a fixed secret. */
  public static SecretSource of(Secret value) {
    return new SecretSource(Objects.requireNonNull(value, "value"), null);
  }

  /** Returns a file as the source; surrounding white space is stripped. */
  public static SecretSource file(Path file) {
    return new SecretSource(null, Objects.requireNonNull(file, "file"));
  }

  /** Returns the fixed secret, unless it comes from a file. */
  public Optional<Secret> value() {
    return Optional.ofNullable(value);
  }

  /** Returns the file, unless the secret is fixed. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SecretSource that
        && Objects.equals(value, that.value)
        && Objects.equals(file, that.file);
  }

  @Override
  public int hashCode() {
    return Objects.hash(value, file);
  }

  @Override
  public String toString() {
    return file == null ? Secret.PLACEHOLDER : file.toString();
  }
}
