import dev.psc.jvm.profile.TraceContextSource;
import dev.psc.opentelemetry.AgentExtension;
import dev.psc.opentelemetry.OpenTelemetryTraces;
import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizerProvider;

/** Trace ids on profile samples, from OpenTelemetry. */
module dev.psc.opentelemetry {
  requires static transitive org.jspecify;
  requires static transitive dev.psc.jvm;
  requires transitive io.opentelemetry.api;
  requires transitive io.opentelemetry.context;
  requires static transitive io.opentelemetry.sdk.trace;
  requires static io.opentelemetry.sdk.common;
  requires static transitive io.opentelemetry.sdk.autoconfigure.spi;
  requires static org.slf4j;

  provides TraceContextSource with
      OpenTelemetryTraces;
  provides AutoConfigurationCustomizerProvider with
      AgentExtension;

  exports dev.psc.opentelemetry;
}
