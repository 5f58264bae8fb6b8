package dev.psc.scraper.server;

import dev.psc.scraper.server.HttpExchange.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The status page: a document with a script that draws it. Immutable. */
final class StatusPage {

  private static final String MARK = "/*STATUS*/";
  private static final String SCRIPT = "<script>";

  private final String template;
  private final String policy;

  private StatusPage(String template) {
    this.template = template;
    int script = template.indexOf(SCRIPT) + SCRIPT.length();
    this.policy =
        HttpRequests.POLICY
            + "; script-src '"
            + digest(template.substring(script, template.indexOf("</script>", script)))
            + "'";
  }

  static StatusPage load() {
    try (InputStream in = StatusPage.class.getResourceAsStream("status.html")) {
      if (in == null) {
        throw new IllegalStateException("status.html is missing from this jar");
      }
      return new StatusPage(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalStateException("status.html cannot be read", e);
    }
  }

  private static String digest(String script) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Returns the page with the document of {@code /api/status} in it. */
  Answer of(String document) {
    // A "<" occurs in JSON only inside a string, where it may be escaped.
    return Answer.html(template.replace(MARK, document.replace("<", "\\u003c")), policy);
  }
}
