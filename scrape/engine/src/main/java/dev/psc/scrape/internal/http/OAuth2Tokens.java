package dev.psc.scrape.internal.http;

import dev.psc.net.Json;
import dev.psc.net.LogText;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Secret;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of tokens fetched by the client credentials flow. One request at a time is running for
 * each setting; it starts before the token expires, while the old one is still in use, and does not
 * start again for a while after it failed. Thread-safe.
 */
final class OAuth2Tokens {

  private static final Logger logger = LoggerFactory.getLogger(OAuth2Tokens.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final long MAX_ANSWER_BYTES = 64 << 10;
  private static final long MAX_LIFE_SECONDS = 3600;
  private static final long REFRESH_AHEAD_SECONDS = 60;
  private static final long SECOND = 1_000_000_000L;
  private static final long FIRST_RETRY_NANOS = SECOND;
  private static final long LAST_RETRY_NANOS = 60 * SECOND;

  /** The minimum age at which a rejected token is replaced. */
  private static final long REFUSED_AGE_NANOS = 10 * SECOND;

  private record Token(String header, long fetchedNanos, long refreshNanos, long expiryNanos) {
    @Override
    public String toString() {
      return "Token[" + Secret.PLACEHOLDER + "]";
    }
  }

  /** The state of one setting; guarded by itself. */
  private static final class Entry {
    @Nullable Token token;
    @Nullable CompletableFuture<String> fetching;
    @Nullable HttpFailure failure;
    long retryNanos;
    long retryDelayNanos = FIRST_RETRY_NANOS;
    boolean secretInBody;
  }

  private final JdkHttpClients clients;
  private final LongSupplier nanoTime;
  private final Map<Credentials.OAuth2, Entry> entries = new ConcurrentHashMap<>();

  OAuth2Tokens(JdkHttpClients clients, LongSupplier nanoTime) {
    this.clients = clients;
    this.nanoTime = nanoTime;
  }

  /** Returns the value of an {@code Authorization} header; fails with an {@link HttpFailure}. */
  CompletableFuture<String> authorization(Credentials.OAuth2 settings) {
    Entry entry = entries.computeIfAbsent(settings, key -> new Entry());
    CompletableFuture<String> fetching;
    String usable = null;
    synchronized (entry) {
      long now = nanoTime.getAsLong();
      Token token = entry.token;
      if (token != null && now - token.expiryNanos < 0) {
        usable = token.header;
        if (now - token.refreshNanos < 0
            || entry.fetching != null
            || (entry.failure != null && now - entry.retryNanos < 0)) {
          return CompletableFuture.completedFuture(usable);
        }
      } else if (entry.fetching != null) {
        return entry.fetching.copy();
      } else if (entry.failure != null && now - entry.retryNanos < 0) {
        return CompletableFuture.failedFuture(entry.failure);
      }
      fetching = new CompletableFuture<>();
      entry.fetching = fetching;
    }
    fetch(settings, entry, fetching);
    return usable == null ? fetching.copy() : CompletableFuture.completedFuture(usable);
  }

  /** Discards a token that a target rejected, so that the next request fetches another. */
  void refused(Credentials.OAuth2 settings, String header) {
    Entry entry = entries.get(settings);
    if (entry != null) {
      synchronized (entry) {
        Token token = entry.token;
        if (token != null
            && token.header.equals(header)
            && nanoTime.getAsLong() - token.fetchedNanos >= REFUSED_AGE_NANOS) {
          entry.token = null;
        }
      }
    }
  }

  private void fetch(Credentials.OAuth2 settings, Entry entry, CompletableFuture<String> fetching) {
    boolean secretInBody;
    synchronized (entry) {
      secretInBody = entry.secretInBody;
    }
    CompletableFuture<?> unused =
        ask(settings, secretInBody)
            .thenCompose(
                answer -> {
                  // RFC 6749 requires servers to accept the header, but some accept the body only.
                  boolean other =
                      !secretInBody && (answer.status() == 400 || answer.status() == 401);
                  return other
                      ? ask(settings, true)
                          .thenApply(
                              second ->
                                  second.status() == 200
                                      ? token(settings, second, entry)
                                      : token(settings, answer, null))
                      : CompletableFuture.completedFuture(token(settings, answer, null));
                })
            .whenComplete((token, failure) -> fetched(settings, entry, fetching, token, failure));
  }

  private void fetched(
      Credentials.OAuth2 settings,
      Entry entry,
      CompletableFuture<String> fetching,
      @Nullable Token token,
      @Nullable Throwable thrown) {
    HttpFailure failure = null;
    boolean stillUsable;
    synchronized (entry) {
      long now = nanoTime.getAsLong();
      entry.fetching = null;
      if (token != null) {
        entry.token = token;
        entry.failure = null;
        entry.retryDelayNanos = FIRST_RETRY_NANOS;
      } else {
        failure = failure(settings, thrown);
        entry.failure = failure;
        entry.retryNanos = now + entry.retryDelayNanos;
        entry.retryDelayNanos = Math.min(LAST_RETRY_NANOS, entry.retryDelayNanos * 2);
      }
      stillUsable = entry.token != null && now - entry.token.expiryNanos < 0;
    }
    if (token != null) {
      fetching.complete(token.header);
    } else if (failure != null) {
      if (stillUsable) {
        logger.warn(
            "The token in use expires soon and cannot be renewed:" + " {}", failure.getMessage());
      }
      fetching.completeExceptionally(failure);
    }
  }

  private static HttpFailure failure(Credentials.OAuth2 settings, @Nullable Throwable thrown) {
    if (thrown == null) {
      return unusable(settings, "returned nothing");
    }
    HttpFailure cause = FailureClassifier.classify(thrown, settings.tokenUrl());
    return cause.outcome() == ScrapeOutcome.AUTH
        ? cause
        : new HttpFailure(
            ScrapeOutcome.AUTH, "oauth2: cannot fetch a token: " + cause.getMessage(), cause);
  }

  private CompletableFuture<HttpAnswer> ask(Credentials.OAuth2 settings, boolean secretInBody) {
    StringBuilder form = new StringBuilder();
    add(form, "grant_type", "client_credentials");
    if (!settings.scopes().isEmpty()) {
      add(form, "scope", String.join(" ", settings.scopes()));
    }
    settings.endpointParams().forEach((name, value) -> add(form, name, value));
    HttpSettings.Builder http =
        HttpSettings.builder().tls(settings.tls()).proxy(settings.proxy()).followRedirects(false);
    try {
      String secret = clients.secrets().read(settings.clientSecret(), "oauth2.client_secret");
      if (secretInBody) {
        add(form, "client_id", settings.clientId());
        add(form, "client_secret", secret);
      } else {
        http.credentials(
            new Credentials.Basic(
                SecretSource.of(Secret.of(encoded(settings.clientId()))),
                SecretSource.of(Secret.of(encoded(secret)))));
      }
    } catch (HttpFailure e) {
      return CompletableFuture.failedFuture(e);
    }
    HttpGet request =
        new HttpGet(
            settings.tokenUrl(),
            http.build(),
            Map.of(
                "Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded"),
            TIMEOUT,
            MAX_ANSWER_BYTES);
    return clients.post(request, form.toString());
  }

  private static void add(StringBuilder form, String name, String value) {
    form.append(form.isEmpty() ? "" : "&").append(encoded(name)).append('=').append(encoded(value));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** Reads a response; the entry, if given, records that the secret had to be in the body. */
  private Token token(Credentials.OAuth2 settings, HttpAnswer answer, @Nullable Entry entry) {
    Map<?, ?> fields = Map.of();
    try {
      if (Json.parse(new String(answer.body(), StandardCharsets.UTF_8)) instanceof Map<?, ?> map) {
        fields = map;
      }
    } catch (IllegalArgumentException e) {
      logger.debug("Response of the token endpoint is not JSON", e);
    }
    if (answer.status() != 200) {
      throw new CompletionException(
          unusable(settings, "returned " + answer.status() + said(fields)));
    }
    String value = text(fields, "access_token");
    if (value.isEmpty() || !value.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw new CompletionException(
          unusable(settings, "returned 200 without a usable access_token"));
    }
    if (entry != null) {
      synchronized (entry) {
        entry.secretInBody = true;
      }
    }
    long life = life(text(fields, "expires_in"));
    long now = nanoTime.getAsLong();
    return new Token(
        type(text(fields, "token_type")) + " " + value,
        now,
        now + (life - Math.min(life / 5, REFRESH_AHEAD_SECONDS)) * SECOND,
        now + (life - Math.min(life / 10, 5)) * SECOND);
  }

  /** Returns a text, number or truth value as text, and "" for what is absent or nested. */
  private static String text(Map<?, ?> fields, String name) {
    Object value = fields.get(name);
    return value == null || value instanceof Map || value instanceof List ? "" : value.toString();
  }

  private static String type(String given) {
    return given.matches("[A-Za-z0-9._-]+") && !given.equalsIgnoreCase("bearer") ? given : "Bearer";
  }

  /** Returns the seconds for which a token is used: an hour if it has no valid expiry. */
  private static long life(String expiresIn) {
    try {
      double seconds = Double.parseDouble(expiresIn);
      return seconds >= 1 ? (long) Math.min(seconds, 10 * 365 * 86_400.0) : MAX_LIFE_SECONDS;
    } catch (NumberFormatException ignored) {
      return MAX_LIFE_SECONDS;
    }
  }

  private static String said(Map<?, ?> fields) {
    List<String> said = new ArrayList<>();
    for (String name : List.of("error", "error_description")) {
      if (!text(fields, name).isEmpty()) {
        said.add(LogText.line(text(fields, name), 200));
      }
    }
    return said.isEmpty() ? "" : " \"" + String.join(": ", said) + "\"";
  }

  private static HttpFailure unusable(Credentials.OAuth2 settings, String what) {
    return new HttpFailure(
        ScrapeOutcome.AUTH,
        "oauth2: "
            + LogSafe.url(settings.tokenUrl())
            + " "
            + what
            + "; check token_url, client_id, client_secret and scopes");
  }
}
