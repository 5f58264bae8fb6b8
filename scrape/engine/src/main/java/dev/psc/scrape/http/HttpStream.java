package dev.psc.scrape.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A response whose body is read as a stream. The body has no deadline: the reader closes the stream
 * when it takes too long, which makes a blocked read fail. {@link #close} is thread-safe.
 */
public final class HttpStream implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(HttpStream.class);

  private final int status;
  private final HttpHeaders headers;
  private final InputStream body;

  /** Creates a response over a body that {@link #close} closes. */
  public HttpStream(int status, HttpHeaders headers, InputStream body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** Returns the status, e.g. 200. */
  public int status() {
    return status;
  }

  /** Returns the headers as received. */
  public HttpHeaders headers() {
    return headers;
  }

  /** Returns the body; closed by {@link #close}. */
  public InputStream body() {
    return body;
  }

  /** Ends the exchange; idempotent. */
  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException e) {
      logger.debug("Closing a response failed", e);
    }
  }
}
