package dev.psc.scrape.http;

import java.util.concurrent.CompletableFuture;

/**
 * A client for the HTTP requests of scraping and discovery, with a deadline for every exchange and
 * limits on the response. The scraper creates and closes it. Thread-safe.
 */
public interface HttpClients {

  /**
   * Sends a GET. Never throws: a failure completes the result with an {@link HttpFailure}.
   *
   * <p>What depends on the result runs on a thread of the client unless it is given an executor,
   * and must not block.
   *
   * @param get the request
   * @return the complete response, whatever its status; cancelling it ends the exchange
   */
  CompletableFuture<HttpAnswer> send(HttpGet get);

  /**
   * Sends a GET and waits for the response.
   *
   * @param get the request
   * @return the complete response, whatever its status
   * @throws HttpFailure when the exchange fails or exceeds its timeout
   * @throws InterruptedException when the thread is interrupted, which ends the exchange
   */
  HttpAnswer get(HttpGet get) throws HttpFailure, InterruptedException;

  /**
   * Sends a GET and waits for the headers of the response only. Redirects are not followed.
   *
   * @param get the request; its timeout ends with the headers, and its body limit is not applied
   * @return the response, whatever its status; the caller closes it
   * @throws HttpFailure when the headers do not arrive within the timeout
   * @throws InterruptedException when the thread is interrupted, which ends the exchange
   */
  HttpStream open(HttpGet get) throws HttpFailure, InterruptedException;
}
