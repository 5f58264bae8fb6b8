package dev.psc.otlp;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;

/** A provider of OTLP sinks for {@code PSC_OTLP_ENDPOINT}. Thread-safe. */
public final class OtlpSinkProvider implements SinkProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public OtlpSinkProvider() {}

  @Override
  public String kind() {
    return OTLP;
  }

  /**
   * Returns a sink. The standard variables {@code OTEL_EXPORTER_OTLP_…} apply, except for the
   * endpoint.
   *
   * @param settings its address is the URL of the receiver; headers and the CA file replace those
   *     of the environment
   */
  @Override
  public ProfileSink create(SinkSettings settings) {
    OtlpProfileSink.Builder builder =
        OtlpProfileSink.fromEnvironment(settings.address(), System.getenv());
    settings.headers().forEach(builder::header);
    settings.token().ifPresent(token -> builder.header("Authorization", "Bearer " + token));
    settings.caFile().ifPresent(builder::caFile);
    if (settings.insecureSkipVerify()) {
      builder.insecureSkipVerify(true);
    }
    return builder.build();
  }
}
