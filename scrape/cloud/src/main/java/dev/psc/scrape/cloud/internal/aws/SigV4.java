package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.ApiClient;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signatures of GET requests without a body, by version 4 of the process of AWS. */
final class SigV4 {

  /** The first word of the {@code Authorization} header. */
  static final String ALGORITHM = "AWS4-HMAC-SHA256";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final String MAC = "HmacSHA256";
  private static final String NO_BODY =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  private final AwsCredentials credentials;
  private final String region;
  private final String service;

  SigV4(AwsCredentials credentials, String region, String service) {
    this.credentials = credentials;
    this.region = region;
    this.service = service;
  }

  /** Returns the value of the header {@code X-Amz-Date}. */
  static String date(Instant time) {
    return TIME.format(time);
  }

  /**
   * Returns what follows the first word of the {@code Authorization} header.
   *
   * @param uri with a query that is encoded as {@link ApiClient#encoded} does
   * @param time the same as in {@code X-Amz-Date}
   * @param headers further headers to sign; {@code Host} and {@code X-Amz-Date} are added
   */
  String authorization(URI uri, Instant time, Map<String, String> headers) {
    String date = date(time);
    TreeMap<String, String> signed = new TreeMap<>();
    headers.forEach(
        (name, value) ->
            signed.put(name.toLowerCase(Locale.ROOT), value.strip().replaceAll(" +", " ")));
    signed.put("host", host(uri));
    signed.put("x-amz-date", date);
    StringBuilder canonical = new StringBuilder("GET\n");
    canonical.append(uri.getRawPath().isEmpty() ? "/" : uri.getRawPath()).append('\n');
    canonical.append(query(uri)).append('\n');
    signed.forEach((name, value) -> canonical.append(name).append(':').append(value).append('\n'));
    String names = String.join(";", signed.keySet());
    canonical.append('\n').append(names).append('\n').append(NO_BODY);

    String day = date.substring(0, 8);
    String scope = day + "/" + region + "/" + service + "/aws4_request";
    String toSign = ALGORITHM + "\n" + date + "\n" + scope + "\n" + sha256(canonical.toString());
    byte[] key = ("AWS4" + credentials.secretKey().reveal()).getBytes(StandardCharsets.UTF_8);
    for (String part : List.of(day, region, service, "aws4_request")) {
      key = hmac(key, part);
    }
    return "Credential="
        + credentials.accessKey()
        + "/"
        + scope
        + ", SignedHeaders="
        + names
        + ", Signature="
        + HexFormat.of().formatHex(hmac(key, toSign));
  }

  /** Returns the {@code Host} header that the HTTP client sends. */
  private static String host(URI uri) {
    int standard = uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    return uri.getPort() < 0 || uri.getPort() == standard
        ? uri.getHost()
        : uri.getHost() + ":" + uri.getPort();
  }

  private static String query(URI uri) {
    if (uri.getRawQuery() == null || uri.getRawQuery().isEmpty()) {
      return "";
    }
    // By name and then by value: '=' comes after digits, and would break ties otherwise.
    List<String[]> pairs = new ArrayList<>();
    for (String pair : uri.getRawQuery().split("&", -1)) {
      int equals = pair.indexOf('=');
      pairs.add(
          equals < 0
              ? new String[] {pair, ""}
              : new String[] {pair.substring(0, equals), pair.substring(equals + 1)});
    }
    Collections.sort(
        pairs, (a, b) -> a[0].equals(b[0]) ? a[1].compareTo(b[1]) : a[0].compareTo(b[0]));
    List<String> sorted = new ArrayList<>();
    pairs.forEach(pair -> sorted.add(pair[0] + "=" + pair[1]));
    return String.join("&", sorted);
  }

  private static String sha256(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance(MAC);
      mac.init(new SecretKeySpec(key, MAC));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has " + MAC, e);
    }
  }
}
