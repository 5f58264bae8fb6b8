package dev.psc.scraper.server;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.psc.net.Json;
import dev.psc.store.proto.profilestore.Label;
import dev.psc.store.proto.profilestore.LabelSet;
import dev.psc.store.proto.scrape.Target;
import dev.psc.store.proto.scrape.TargetsRequest;
import java.time.Instant;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The response of {@code /api/targets}: that of the gRPC service in protobuf's JSON form. */
final class TargetsJson {

  /** Limit on a document; a longer one is refused, as it has no pages. */
  static final int MAX_CHARS = 4 << 20;

  private TargetsJson() {}

  /** Reads the parameter {@code state}, a name or number of the enumeration. */
  static TargetsRequest.State state(@Nullable String text) {
    return switch (text == null ? "" : text) {
      case "STATE_ACTIVE", "1" -> TargetsRequest.State.STATE_ACTIVE;
      case "STATE_DROPPED", "2" -> TargetsRequest.State.STATE_DROPPED;
      default -> TargetsRequest.State.STATE_ANY_UNSPECIFIED;
    };
  }

  /** Returns the document, or null if it would be too long. */
  static @Nullable String write(Iterable<Map.Entry<String, Stream<Target>>> jobs) {
    StringBuilder out = new StringBuilder("{\"targets\":{");
    String next = "";
    for (Map.Entry<String, Stream<Target>> job : jobs) {
      out.append(next);
      Json.quote(out, job.getKey());
      out.append(":{\"targets\":[");
      String comma = "";
      for (Iterator<Target> targets = job.getValue().iterator(); targets.hasNext(); ) {
        out.append(comma);
        target(out, targets.next());
        comma = ",";
        if (out.length() > MAX_CHARS) {
          return null;
        }
      }
      out.append("]}");
      next = ",";
    }
    return out.append("}}").toString();
  }

  private static void target(StringBuilder out, Target target) {
    out.append("{\"discoveredLabels\":");
    labels(out, target.getDiscoveredLabels());
    out.append(",\"labels\":");
    labels(out, target.getLabels());
    out.append(",\"lastError\":");
    Json.quote(out, target.getLastError());
    Timestamp at = target.getLastScrape();
    out.append(",\"lastScrape\":\"")
        .append(Instant.ofEpochSecond(at.getSeconds(), at.getNanos()))
        .append("\",\"lastScrapeDuration\":\"")
        .append(seconds(target.getLastScrapeDuration()))
        .append("\",\"url\":");
    Json.quote(out, target.getUrl());
    out.append(",\"health\":\"").append(target.getHealth().name()).append("\"}");
  }

  private static String seconds(Duration duration) {
    String nanos =
        duration.getNanos() == 0 ? "" : String.format(Locale.ROOT, ".%09d", duration.getNanos());
    return duration.getSeconds() + nanos + "s";
  }

  private static void labels(StringBuilder out, LabelSet labels) {
    out.append("{\"labels\":[");
    String comma = "";
    for (Label label : labels.getLabelsList()) {
      out.append(comma).append("{\"name\":");
      Json.quote(out, label.getName());
      out.append(",\"value\":");
      Json.quote(out, label.getValue());
      out.append('}');
      comma = ",";
    }
    out.append("]}");
  }
}
