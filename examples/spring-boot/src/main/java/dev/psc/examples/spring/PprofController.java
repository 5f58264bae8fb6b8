package dev.psc.examples.spring;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** A controller that serves profiles with Spring MVC. */
@RestController
class PprofController {

  private final JvmProfiling profiling;

  PprofController(JvmProfiling profiling) {
    this.profiling = profiling;
  }

  @GetMapping("/debug/pprof/**")
  ResponseEntity<byte[]> profile(
      HttpServletRequest request,
      @RequestParam Map<String, String> query,
      @RequestHeader Map<String, String> headers) {
    PprofResponse profile =
        profiling
            .handler()
            .handle(new PprofRequest("GET", request.getRequestURI(), query, headers));
    HttpHeaders answered = new HttpHeaders();
    profile.headers().forEach(answered::set);
    return ResponseEntity.status(profile.status()).headers(answered).body(profile.body());
  }
}
