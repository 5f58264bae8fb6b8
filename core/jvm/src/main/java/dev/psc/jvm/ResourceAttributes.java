package dev.psc.jvm;

import dev.psc.label.LabelSet;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The labels of the attributes of this process that {@code OTEL_RESOURCE_ATTRIBUTES} has: those of
 * the service, of its deployment and of Kubernetes. A dot becomes an underscore; {@code
 * service.instance.id} becomes {@code instance}.
 */
final class ResourceAttributes {

  static final String INSTANCE = "instance";

  private static final Logger logger = LoggerFactory.getLogger(ResourceAttributes.class);

  private ResourceAttributes() {}

  /**
   * Returns the labels of a list. As OpenTelemetry demands, a list that is not valid is ignored as
   * a whole, with a warning.
   *
   * @param list {@code key=value,key=value} with percent-encoded values
   */
  static LabelSet labels(String list) {
    Map<String, String> found = new TreeMap<>();
    for (String pair : list.split(",", -1)) {
      if (pair.isBlank()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = equals < 0 ? "" : name(pair.substring(0, equals).trim());
      try {
        if (equals < 1) {
          throw new IllegalArgumentException("an attribute has no name or no '='");
        }
        String value =
            URLDecoder.decode(
                pair.substring(equals + 1).trim().replace("+", "%2B"), StandardCharsets.UTF_8);
        if (!name.isEmpty() && !value.isEmpty()) {
          found.put(name, value);
        }
      } catch (IllegalArgumentException e) {
        logger.warn("OTEL_RESOURCE_ATTRIBUTES is ignored: {}", e.getMessage());
        return LabelSet.empty();
      }
    }
    LabelSet.Builder labels = LabelSet.builder();
    found.forEach(labels::set);
    return labels.build();
  }

  /** Returns the label of an attribute, or the empty text for one that is not used. */
  private static String name(String attribute) {
    return switch (attribute) {
      case "service.instance.id" -> INSTANCE;
      // The first is its name before it was stable.
      case "deployment.environment", "deployment.environment.name" -> "deployment_environment_name";
      default -> isUsed(attribute) ? attribute.replace('.', '_') : "";
    };
  }

  private static boolean isUsed(String attribute) {
    return attribute.matches("(service\\.(name|namespace|version)|k8s\\.[a-z0-9_.]+)");
  }

  /** Returns the name of the pod or host, or the empty text if it is unknown. */
  static String instance(Function<String, @Nullable String> environment) {
    for (String name : new String[] {"POD_NAME", "HOSTNAME", "COMPUTERNAME"}) {
      String value = environment.apply(name);
      if (value != null && !value.isBlank()) {
        return value.trim();
      }
    }
    try {
      String name = Files.readString(Path.of("/etc/hostname")).strip();
      if (!name.isEmpty()) {
        return name;
      }
    } catch (IOException | RuntimeException e) {
      logger.debug("No /etc/hostname", e);
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "";
    }
  }
}
