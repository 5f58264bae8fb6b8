package dev.psc.jvm;

import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The index page of the served profiles. */
final class PprofIndex {

  private final Profiler profiler;

  PprofIndex(Profiler profiler) {
    this.profiler = profiler;
  }

  String html() {
    StringBuilder html = new StringBuilder(4096);
    html.append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.append("<title>/debug/pprof/</title><style>:root { color-scheme: light dark; }");
    html.append(" body { font: 14px system-ui, sans-serif; } td { vertical-align: top;");
    html.append(" padding-right: 1em; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }");
    html.append("</style></head><body>");
    html.append("<h1>/debug/pprof/</h1><p>Open one with <code>go tool pprof ADDRESS</code>, or");
    html.append(" view it as text. Totals count from the start of the capture; with");
    html.append(" <code>seconds=N</code>, for N seconds from the request.</p><table>");
    Set<JvmProfile> profiles = profiler.profiles();
    for (JvmProfile profile : JvmProfile.values()) {
      if (profiles.contains(profile)) {
        row(html, profile);
      }
    }
    html.append("</table><p><a href=\"goroutine?debug=2\">full thread dump</a></p>");
    html.append("<h2>Capture</h2><pre>").append(escape(capture())).append("</pre>");
    return html.append("</body></html>\n").toString();
  }

  private static void row(StringBuilder html, JvmProfile profile) {
    String address = profile.path();
    String text = address + "?debug=1";
    if (!profile.isCumulative() && !profile.isMoment()) {
      address += "?seconds=10";
      text += "&amp;seconds=10";
    }
    html.append("<tr><td><a href=\"").append(address).append("\">").append(profile.path());
    html.append("</a></td><td><a href=\"").append(text).append("\">text</a></td><td>");
    html.append(escape(description(profile))).append("</td></tr>\n");
  }

  static String description(JvmProfile profile) {
    return switch (profile) {
      case PROCESS_CPU -> "CPU time of the process by stack, for seconds=N (30 by default)";
      case MEMORY -> "allocations";
      case HEAP -> "allocations, and the live heap by class";
      case MUTEX -> "waiting for monitors and locks";
      case BLOCK -> "other waiting: parked, sleeping, for I/O";
      case GOROUTINE -> "the stacks of all threads";
      case THREADCREATE -> "stacks that started threads";
      case WALL -> "CPU time and waiting combined, for seconds=N (30 by default)";
      case EXCEPTIONS -> "stacks that threw exceptions";
      case NATIVE_MEMORY -> "native memory, in recordings only";
      case LEAK_SUSPECTS -> "sampled objects that have lived long, by allocation stack";
    };
  }

  private String capture() {
    Optional<CompletableFuture<Capture>> found = profiler.capture();
    if (found.isEmpty()) {
      return "not running; the next request for an event profile starts it";
    }
    CompletableFuture<Capture> capture = found.get();
    if (!capture.isDone()) {
      return "starting";
    }
    if (capture.isCompletedExceptionally()) {
      return "not available: "
          + JvmFailures.message(
              capture.handle((running, failure) -> failure).getNow(new IllegalStateException()));
    }
    return lines(capture.join().status());
  }

  /** Returns a line for each component, without the brackets of a record's text. */
  private static String lines(CaptureStatus status) {
    StringBuilder lines = new StringBuilder();
    for (RecordComponent component : CaptureStatus.class.getRecordComponents()) {
      try {
        lines
            .append(component.getName())
            .append(": ")
            .append(words(component.getAccessor().invoke(status)))
            .append('\n');
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("an accessor of a record failed", e);
      }
    }
    return lines.toString();
  }

  private static String words(@Nullable Object value) {
    if (value instanceof Optional<?> optional) {
      return optional.isEmpty() ? "none" : optional.get().toString();
    }
    if (value instanceof Collection<?> values) {
      return values.isEmpty()
          ? "none"
          : values.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
    }
    return String.valueOf(value);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
