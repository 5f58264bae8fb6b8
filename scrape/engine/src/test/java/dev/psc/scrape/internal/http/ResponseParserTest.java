package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseParserTest {

  private final StringBuilder received = new StringBuilder();
  private final ResponseParser parser =
      new ResponseParser(
          new ResponseParser.Receiver() {
            @Override
            public void head(int status, HttpHeaders headers) {
              received.append(status).append(' ').append(headers.map()).append(' ');
            }

            @Override
            public void body(ByteBuffer part) {
              received.append(StandardCharsets.ISO_8859_1.decode(part));
            }
          });

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(
        text.replace("|", "\r\n").replace("\\t", "\t").getBytes(StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "HTTP/1.1 200 OK|Content-Length: 3||abc; 200 {Content-Length=[3]} abc; true",
        "HTTP/1.1 200|content-length:3||abc; 200 {content-length=[3]} abc; true",
        "HTTP/1.1 200 OK|A: 1|a: 2|Content-Length: 0||; 200 {A=[1, 2], Content-Length=[0]}; true",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ab|A,x=y|0123456789|0|T: t||;"
            + " 200 {Transfer-Encoding=[chunked]} ab0123456789; true",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0||;"
            + " 200 {Transfer-Encoding=[chunked]}; true",
        "HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|Link: x||HTTP/1.1 200 OK|Content-Length:"
            + " 1||a; 200 {Content-Length=[1]} a; true",
        "HTTP/1.1 200 OK|A: x| y|\\tz|Content-Length: 0||;"
            + " 200 {A=[x y z], Content-Length=[0]}; true",
        "HTTP/1.1 204 No Content||; 204 {}; true",
        "HTTP/1.1 304 Not Modified|Content-Length: 7||; 304 {Content-Length=[7]}; true",
        "HTTP/1.1 200 OK|Connection: x, Close|Content-Length: 1||a;"
            + " 200 {Connection=[x, Close], Content-Length=[1]} a; false",
        "HTTP/1.0 200 OK|Content-Length: 1||a; 200 {Content-Length=[1]} a; false",
      })
  void readsResponsesHoweverTheyAreSplit(String response, String expected, boolean keptAlive)
      throws IOException {
    String text = response.replace("A,x=y", "A;x=y");
    int size = bytes(text).remaining();
    for (int step = 1; step <= size; step++) {
      received.setLength(0);
      ResponseParserTest split = new ResponseParserTest();
      ByteBuffer all = bytes(text);
      for (int from = 0; from < size; from += step) {
        assertThat(split.parser.isDone()).as("before the last bytes").isFalse();
        split.parser.parse(all.slice(from, Math.min(step, size - from)));
      }
      assertThat(split.parser.isDone()).isTrue();
      assertThat(split.received.toString().strip()).isEqualTo(expected);
      assertThat(split.parser.isKeptAlive()).isEqualTo(keptAlive);
    }
  }

  @Test
  void limitsTheNumberOfHeaders() throws IOException {
    parser.parse(bytes("HTTP/1.1 200 OK|" + "a:|".repeat(7000)));
    assertThatThrownBy(() -> parser.parse(bytes("a:|".repeat(1000))))
        .hasMessageContaining("Header size too big");
  }

  @Test
  void limitsTheSizeOf1xxResponsesInARow() throws IOException {
    ByteBuffer interim = bytes("HTTP/1.1 100 Continue||".repeat(1000));
    for (int i = 0; i < 2; i++) {
      parser.parse(interim.duplicate());
    }
    assertThatThrownBy(() -> parser.parse(interim)).hasMessageContaining("Header size too big");
  }

  @Test
  void readsABodyWithoutALengthUntilTheConnectionEnds() throws IOException {
    parser.parse(bytes("HTTP/1.1 200 OK||ab"));
    parser.parse(bytes("cd"));
    assertThat(parser.isDone()).isFalse();
    parser.end();
    assertThat(parser.isDone()).isTrue();
    assertThat(parser.isKeptAlive()).isFalse();
    assertThat(received).hasToString("200 {} abcd");
  }

  @Test
  void leavesWhatFollowsAResponse() throws IOException {
    ByteBuffer in = bytes("HTTP/1.1 200 OK|Content-Length: 1||aHTTP");
    parser.parse(in);
    assertThat(parser.isDone()).isTrue();
    assertThat(in.remaining()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "SSH-2.0-OpenSSH_9.2|; Invalid status line: \"SSH-2.0-OpenSSH_9.2\"",
        "HTTP/2 200; Invalid status line: \"HTTP/2 200\"",
        "HTTP/1.1 2OO OK||; Invalid status line: \"HTTP/1.1 2OO OK\"",
        "HTTP/1.1 200 OK|Bad Name: x||; Invalid header name: \"Bad Name\"",
        "HTTP/1.1 200 OK|Name : x||; Invalid header name: \"Name\"",
        "HTTP/1.1 200 OK| Name: x||; Invalid header name: \"Name\"",
        "HTTP/1.1 200 OK|: x||; Invalid header name: \"\"",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||zz|; Illegal character in chunk size: \"zz\"",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||-1|; Illegal character in chunk size: \"-1\"",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked|||; Illegal character in chunk size: \"\"",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||1|abc|; Chunk header expected after 1 bytes",
      })
  void refusesWhatIsNotAResponse(String response, String problem) {
    assertThatThrownBy(() -> parser.parse(bytes(response)))
        .isInstanceOf(IOException.class)
        .hasMessage(problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK|A: %s",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||1;%s",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0|T: %s"
      })
  void refusesHeadersWithoutAnEnd(String response) {
    String endless = response.formatted("x".repeat(1 << 19));
    assertThatThrownBy(() -> parser.parse(bytes(endless)))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("(Header size too big|Chunk header size too long): more than .*");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; the server closed the connection without a response",
        "HTTP/1.1 200; the server closed the connection in the head of the response",
        "HTTP/1.1 200 OK|Content-Length: 9||abc; fixed content-length: 9, bytes received: 3",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|;"
            + " chunked transfer encoding: the last chunk is missing",
      })
  void tellsWhereAConnectionEnded(String response, String problem) throws IOException {
    parser.parse(bytes(response));
    assertThatThrownBy(parser::end).isInstanceOf(IOException.class).hasMessage(problem);
  }
}
