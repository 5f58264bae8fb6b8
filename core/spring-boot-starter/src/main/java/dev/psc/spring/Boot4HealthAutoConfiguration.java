package dev.psc.spring;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The health indicator {@code psc} of Spring Boot 4. */
@AutoConfiguration(after = ProfilingAutoConfiguration.class)
@ConditionalOnBean(Profiling.class)
@ConditionalOnClass(
    name = {
      "org.springframework.boot.health.contributor.HealthIndicator",
      "org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator"
    })
class Boot4HealthAutoConfiguration {

  @Bean
  @ConditionalOnEnabledHealthIndicator("psc")
  HealthIndicator pscHealthIndicator(Profiling profiling) {
    return () -> {
      ProfilingHealth health = ProfilingHealth.of(profiling);
      return (health.well() ? Health.up() : Health.unknown()).withDetails(health.details()).build();
    };
  }
}
