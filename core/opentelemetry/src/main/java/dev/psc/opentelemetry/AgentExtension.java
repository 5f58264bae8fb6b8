package dev.psc.opentelemetry;

import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizer;
import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizerProvider;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The extension of the OpenTelemetry Java agent: {@code
 * -Dotel.javaagent.extensions=psc-opentelemetry.jar}. An application that configures its SDK with
 * the autoconfigure module gets it from the class path. Called by OpenTelemetry only.
 */
public final class AgentExtension implements AutoConfigurationCustomizerProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public AgentExtension() {}

  /**
   * Returns the spans that this copy of the class sees, in types of the JDK only: a profiler of the
   * application asks the copy in the class loader of the OpenTelemetry Java agent.
   */
  public static Function<Object[], ?> source() {
    Function<Object[], @Nullable Object> source = AgentBridge::answer;
    return source;
  }

  @Override
  public void customize(AutoConfigurationCustomizer configuration) {
    TracingContextStorage.install();
    AgentBridge.connect();
    if (Settings.flag("PSC_TRACE_SPAN_NAMES")) {
      configuration.addTracerProviderCustomizer(
          (builder, properties) -> builder.addSpanProcessor(RootSpanProcessor.create()));
    }
  }
}
