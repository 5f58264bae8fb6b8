package dev.psc.scrape.internal.http;

import java.net.http.HttpRequest;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The permission to set {@code Host}. Only with it can a request name one host and go to a chosen
 * address; the JDK grants it by a system property that it reads once, before the first request of
 * the process.
 */
final class HostHeader {

  /** The setting that grants the permission. */
  static final String REMEDY = "-Djdk.httpclient.allowRestrictedHeaders=host";

  private static final Logger logger = LoggerFactory.getLogger(HostHeader.class);
  private static final boolean ALLOWED = allowed();
  private static final AtomicBoolean warned = new AtomicBoolean();

  private HostHeader() {}

  private static boolean allowed() {
    try {
      HttpRequest.newBuilder().setHeader("Host", "name.example");
      return true;
    } catch (IllegalArgumentException restricted) {
      return false;
    }
  }

  /** Returns whether requests can name another host than their URL. */
  static boolean isAllowed() {
    return ALLOWED;
  }

  /** Logs the missing permission, once per process. */
  static void warnMissing(String host) {
    if (warned.compareAndSet(false, true)) {
      logger.warn(
          "{} has several addresses, of which only the first is used; start Java with {} to use"
              + " each of them",
          host,
          REMEDY);
    }
  }
}
