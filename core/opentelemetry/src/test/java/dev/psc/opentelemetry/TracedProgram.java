package dev.psc.opentelemetry;

import com.sun.net.httpserver.HttpServer;
import dev.psc.jvm.profile.JvmProfile;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A program with its own profiler and, as a test has it, the OpenTelemetry Java agent. It prints
 * what CPU time the profile has by trace id.
 */
@SuppressWarnings("try") // scopes are closed, not used
final class TracedProgram {

  private TracedProgram() {}

  public static void main(String[] args) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/slow",
        exchange -> {
          byte[] body = slow().getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU);
    System.out.println("active " + OpenTelemetryTraces.isActive());
    URI slow = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/slow");
    String request =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(slow).build(), HttpResponse.BodyHandlers.ofString())
            .body();
    Span span = GlobalOpenTelemetry.getTracer("test").spanBuilder("own").startSpan();
    try (Scope scope = span.makeCurrent()) {
      slow();
    } finally {
      span.end();
    }
    Profiled.burn(Duration.ofMillis(200));
    profiled.close();
    server.stop(0);
    var byTrace = profiled.sums("process_cpu", 1, "trace_id", "slow");
    System.out.println("request " + request + " " + byTrace.get(request));
    String own = span.getSpanContext().getTraceId();
    System.out.println("own " + own + " " + byTrace.get(own));
    System.exit(0);
  }

  /** Burns CPU time; returns the id of the current trace. */
  private static String slow() {
    Profiled.burn(Duration.ofSeconds(2));
    return Span.current().getSpanContext().getTraceId();
  }
}
