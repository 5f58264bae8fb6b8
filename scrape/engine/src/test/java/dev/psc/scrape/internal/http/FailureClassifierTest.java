package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.net.ProxyRules;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateExpiredException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the JDK's client throws, as far as no server of a test can bring it about. */
class FailureClassifierTest {

  private static final URI TARGET = URI.create("http://user:secret@h:6060/debug?token=secret");

  private static Throwable caused(Throwable outer, Throwable cause) {
    outer.initCause(cause);
    return outer;
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            caused(new ConnectException(), new UnresolvedAddressException()),
            ScrapeOutcome.DNS,
            "check the target's address and the DNS"),
        Arguments.of(new UnknownHostException("h"), ScrapeOutcome.DNS, "cannot be resolved"),
        Arguments.of(new HttpConnectTimeoutException("x"), ScrapeOutcome.UNREACHABLE, "firewalls"),
        Arguments.of(
            new ConnectException("Connection timed out"), ScrapeOutcome.UNREACHABLE, "firewalls"),
        Arguments.of(new NoRouteToHostException("x"), ScrapeOutcome.UNREACHABLE, "no route"),
        Arguments.of(
            new ConnectException("Network is unreachable"), ScrapeOutcome.UNREACHABLE, "routes"),
        Arguments.of(
            new ConnectException("Connection refused"), ScrapeOutcome.REFUSED, "listens on this"),
        Arguments.of(new HttpTimeoutException("x"), ScrapeOutcome.TIMEOUT, "no response in time"),
        Arguments.of(new ProtocolException("x"), ScrapeOutcome.PROTOCOL, "not HTTP"),
        Arguments.of(
            new IOException("fixed content-length: 50, bytes received: 3"),
            ScrapeOutcome.TRUNCATED,
            "in the middle of the body"),
        Arguments.of(new EOFException("x"), ScrapeOutcome.BROKEN, "retried"),
        Arguments.of(new IOException("Connection reset"), ScrapeOutcome.BROKEN, "Connection reset"),
        Arguments.of(
            caused(new SSLHandshakeException("x"), new CertificateExpiredException("y")),
            ScrapeOutcome.TLS,
            "renew it at the target"),
        Arguments.of(
            new SSLException("Unrecognized SSL message, plaintext connection?"),
            ScrapeOutcome.TLS,
            "set scheme: http"),
        Arguments.of(
            new SSLHandshakeException("Received fatal alert: protocol_version"),
            ScrapeOutcome.TLS,
            "min_version"),
        Arguments.of(
            new SSLHandshakeException("Received fatal alert: bad_certificate"),
            ScrapeOutcome.TLS,
            "cert_file and key_file"),
        Arguments.of(new IllegalStateException("ouch"), ScrapeOutcome.INTERNAL, "ouch"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void isClassifiedOnceWithWhatToDo(Throwable thrown, ScrapeOutcome outcome, String words) {
    for (Throwable wrapped :
        new Throwable[] {
          thrown,
          new CompletionException(thrown),
          new ExecutionException(new CompletionException(thrown))
        }) {
      HttpFailure failure = FailureClassifier.classify(wrapped, TARGET);
      assertThat(failure.outcome()).isEqualTo(outcome);
      assertThat(failure)
          .hasMessageStartingWith("http://h:6060/debug: ")
          .hasMessageContaining(words)
          .hasMessageNotContaining("secret");
    }
  }

  @Test
  void aFailureThatIsClassifiedStaysAsItIs() {
    HttpFailure failure = new HttpFailure(ScrapeOutcome.EMPTY, "x");
    assertThat(FailureClassifier.classify(new CompletionException(failure), TARGET))
        .isSameAs(failure);
  }

  @Test
  void whatGoesThroughAProxyNamesIt() {
    HttpFailure failure =
        FailureClassifier.classify(
            new ConnectException("Connection refused"),
            TARGET,
            ProxyRules.of("http://me:secret@proxy:3128", List.of()).httpsProxy("h", 443));
    assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.PROXY);
    assertThat(failure).hasMessageContaining("http://proxy:3128").hasMessageNotContaining("secret");
  }
}
