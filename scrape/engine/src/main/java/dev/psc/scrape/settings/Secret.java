package dev.psc.scrape.settings;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A password, token or key of the configuration. It prints as {@code <secret>}, compares in
 * constant time and is not serializable. Immutable.
 */
public final class Secret {

  /** The placeholder of secrets in texts. */
  public static final String PLACEHOLDER = "<secret>";

  private final String value;

  private Secret(String value) {
    this.value = value;
  }

  /** Returns the secret of this value. */
  public static Secret of(String value) {
    return new Secret(Objects.requireNonNull(value, "value"));
  }

  /** Returns the value itself; use it in requests only. */
  public String reveal() {
    return value;
  }

  /** Returns whether the value is empty. */
  public boolean isEmpty() {
    return value.isEmpty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Secret that
        && MessageDigest.isEqual(
            value.getBytes(StandardCharsets.UTF_8), that.value.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the same value for all secrets, so that a hash reveals nothing. */
  @Override
  public int hashCode() {
    return 0x5ec7e7;
  }

  /** Returns {@link #PLACEHOLDER}. */
  @Override
  public String toString() {
    return PLACEHOLDER;
  }
}
