package dev.psc.spring;

import dev.psc.delivery.micrometer.DeliveryMetrics;
import dev.psc.jvm.JvmProfiling;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Arrays;
import java.util.Locale;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;

/** The endpoint of the actuator, the meters, and the protection of secrets. */
@AutoConfiguration(after = ProfilingAutoConfiguration.class)
@ConditionalOnBean(Profiling.class)
class ActuatorAutoConfiguration {

  /** The endpoint, if the application exposes it. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(
      name = {
        "org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint",
        "org.springframework.boot.actuate.autoconfigure.endpoint.condition"
            + ".ConditionalOnAvailableEndpoint"
      })
  static class Endpoint {

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnAvailableEndpoint(endpoint = ProfilesEndpoint.class)
    ProfilesEndpoint pscProfilesEndpoint(Profiling profiling, ConfigurableEnvironment environment) {
      return new ProfilesEndpoint(profiling, new ProfilingProperties(environment));
    }
  }

  /** Masks tokens where the application shows its properties. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "org.springframework.boot.actuate.endpoint.SanitizingFunction")
  static class Secrets {

    @Bean
    SanitizingFunction pscSanitizingFunction() {
      return data ->
          isSecret(data.getKey()) ? data.withValue(SanitizableData.SANITIZED_VALUE) : data;
    }

    static boolean isSecret(String key) {
      String letters = letters(key);
      return Arrays.stream(ProfilingProperty.values())
          .filter(ProfilingProperty::isSecret)
          .anyMatch(
              property ->
                  letters.equals(letters(property.property()))
                      || letters.equals(letters(property.setting())));
    }

    private static String letters(String key) {
      return key.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    }
  }

  /** The meters of the delivery. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "io.micrometer.core.instrument.binder.MeterBinder")
  static class Meters {

    @Bean
    MeterBinder pscMeters(Profiling profiling) {
      return registry ->
          profiling
              .profiler()
              .flatMap(JvmProfiling::delivery)
              .ifPresent(delivery -> DeliveryMetrics.of(delivery).bindTo(registry));
    }
  }
}
