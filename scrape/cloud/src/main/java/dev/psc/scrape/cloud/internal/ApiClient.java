package dev.psc.scrape.cloud.internal;

import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.PollingDiscovery;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetLister;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.settings.Durations;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Requests to one API, with messages that name the mechanism. Thread-safe. */
public final class ApiClient {

  /** Enough for about 30,000 objects of a kind. */
  public static final long BODY_LIMIT_BYTES = 32 << 20;

  /** Limit on the pages of one list, in case a server never ends it. */
  public static final int MAX_PAGES = 1_000;

  private static final Duration SHORTEST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final int SHOWN = 200;

  private final String name;
  private final HttpClients http;
  private final Duration timeout;

  /**
   * Creates a client.
   *
   * @param name names mechanism and server in messages, without secrets
   * @param timeout of one request
   */
  public ApiClient(String name, HttpClients http, Duration timeout) {
    this.name = name;
    this.http = http;
    this.timeout = timeout;
  }

  /** Returns a client for requests at an interval. */
  public static ApiClient polling(String name, HttpClients http, Duration refreshInterval) {
    return new ApiClient(name, http, timeout(refreshInterval));
  }

  /** Returns the timeout of a request: the refresh interval, but 10 s to 1 min. */
  public static Duration timeout(Duration refreshInterval) {
    if (refreshInterval.compareTo(SHORTEST) < 0) {
      return SHORTEST;
    }
    return refreshInterval.compareTo(LONGEST) < 0 ? refreshInterval : LONGEST;
  }

  /** Returns the discovery that polls a lister at an interval. */
  public static TargetDiscovery poll(
      String name, Duration interval, TargetLister lister, DiscoveryContext context) {
    return new PollingDiscovery(
        name,
        interval,
        () -> {
          try {
            return lister.list();
          } catch (MalformedAnswerException e) {
            throw new DiscoveryException(malformed(name, e), e);
          }
        },
        context);
  }

  /** Returns the message for a response that is not of the documented form. */
  public static String malformed(String name, MalformedAnswerException e) {
    return name + ": the response cannot be used: " + e.getMessage();
  }

  /** Sends a GET and returns the response, which has status 200. */
  public HttpAnswer get(URI uri, HttpSettings settings, Map<String, String> headers)
      throws DiscoveryException, InterruptedException {
    HttpAnswer answer = getAny(uri, settings, headers);
    if (answer.status() != 200) {
      throw new DiscoveryException(refused(uri, answer));
    }
    return answer;
  }

  /** Sends a GET and returns the response, whatever its status. */
  public HttpAnswer getAny(URI uri, HttpSettings settings, Map<String, String> headers)
      throws DiscoveryException, InterruptedException {
    try {
      return http.get(new HttpGet(uri, settings, headers, timeout, BODY_LIMIT_BYTES));
    } catch (HttpFailure e) {
      throw new DiscoveryException(explain(e), e);
    }
  }

  /** Sends a GET and returns the JSON of the response, which has status 200. */
  public Json json(URI uri, HttpSettings settings, Map<String, String> headers)
      throws DiscoveryException, InterruptedException {
    return Json.parse(get(uri, settings, headers).body());
  }

  /** Returns the message for a request without a response. */
  public String explain(HttpFailure failure) {
    return failure.outcome() == ScrapeOutcome.TIMEOUT
        ? name
            + ": no complete response within "
            + Durations.format(timeout)
            + "; check the server's load, and firewalls"
        : name + ": " + failure.getMessage();
  }

  /** Returns the message for a response with another status than 200. */
  public String refused(URI uri, HttpAnswer answer) {
    return name
        + ": "
        + uri.getRawPath()
        + " returned "
        + answer.status()
        + ", not 200: "
        + beginning(answer.body())
        + (answer.status() == 401 || answer.status() == 403
            ? "; check the credentials and their permissions"
            : "");
  }

  /** Returns the beginning of a body as one line. */
  public static String beginning(byte[] body) {
    StringBuilder shown = new StringBuilder();
    String text =
        new String(body, 0, Math.min(body.length, 4 * SHOWN), StandardCharsets.UTF_8).strip();
    for (int i = 0; i < text.length() && shown.length() < SHOWN; i++) {
      char c = text.charAt(i);
      shown.append(c < ' ' || c == 127 ? ' ' : c);
    }
    return shown.isEmpty() ? "(no body)" : shown.toString();
  }

  /** Returns a text as a component of a path or query: only unreserved characters stay. */
  public static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }

  /** The pages of one list: bounded, and none twice. Not thread-safe. */
  public static final class Pages {

    private final String name;
    private final Set<String> seen = new HashSet<>();

    /** Creates an empty list of pages of the mechanism. */
    public Pages(String name) {
      this.name = name;
    }

    /**
     * Records the token of the next page.
     *
     * @throws DiscoveryException if the page was read already, or there are too many
     */
    public void next(String token) throws DiscoveryException {
      if (!seen.add(token)) {
        throw new DiscoveryException(name + ": the API returned the same page twice");
      }
      if (seen.size() >= MAX_PAGES) {
        throw new DiscoveryException(name + ": the list has more than " + MAX_PAGES + " pages");
      }
    }
  }
}
