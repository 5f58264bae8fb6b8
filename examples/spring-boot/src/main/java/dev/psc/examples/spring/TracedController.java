package dev.psc.examples.spring;

import io.opentelemetry.api.trace.Span;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** An endpoint that returns the id of its trace, as many applications do in a header. */
@RestController
class TracedController {

  @SuppressWarnings("UnusedVariable") // so that the work is done
  private volatile long sink;

  /** Uses CPU time, and returns the trace id: zeros without the OpenTelemetry Java agent. */
  @GetMapping("/slow")
  String slow(@RequestParam(defaultValue = "1500") long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    long x = 1;
    while (System.nanoTime() < end) {
      for (int i = 0; i < 100_000; i++) {
        x = x * 31 + i;
      }
    }
    sink = x;
    return Span.current().getSpanContext().getTraceId();
  }
}
