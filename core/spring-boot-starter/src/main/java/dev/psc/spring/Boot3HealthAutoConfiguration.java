package dev.psc.spring;

import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** The health indicator {@code psc} of Spring Boot 3. */
@AutoConfiguration(after = ProfilingAutoConfiguration.class)
@ConditionalOnBean(Profiling.class)
@ConditionalOnClass(
    name = {
      "org.springframework.boot.actuate.health.HealthIndicator",
      "org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator"
    })
class Boot3HealthAutoConfiguration {

  @Bean
  @ConditionalOnEnabledHealthIndicator("psc")
  HealthIndicator pscHealthIndicator(Profiling profiling) {
    return () -> {
      ProfilingHealth health = ProfilingHealth.of(profiling);
      return (health.well() ? Health.up() : Health.unknown()).withDetails(health.details()).build();
    };
  }
}
