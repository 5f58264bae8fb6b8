package dev.psc.spring;

import dev.psc.jvm.ProfileLabels;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.task.TaskDecorator;

/** The profiler of an application, and labels for the tasks of its executors. */
@AutoConfiguration(
    beforeName = "org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration")
@ConditionalOnProperty(name = ProfilingProperty.ENABLED, matchIfMissing = true)
class ProfilingAutoConfiguration {

  /** The name of the starter's own task decorator. */
  static final String DECORATOR = "pscTaskDecorator";

  /** Only in a context that no {@code SpringApplication} made: there it is registered already. */
  @Bean(name = Profiling.BEAN)
  @ConditionalOnMissingBean
  Profiling pscProfiling(ConfigurableEnvironment environment) {
    return Profiling.acquire(environment);
  }

  /** Spring Boot applies it to its executors, those of virtual threads too, and so to @Async. */
  @Bean(name = DECORATOR)
  @ConditionalOnMissingBean
  TaskDecorator pscTaskDecorator() {
    return ProfileLabels::wrap;
  }

  /** A configuration for applications that define task decorators. */
  @Bean
  static OwnTaskDecorators pscOwnTaskDecorators() {
    return new OwnTaskDecorators();
  }

  /** Labels in Reactor's context and in whatever else propagates thread-locals. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "io.micrometer.context.ContextRegistry")
  @ConditionalOnBean(Profiling.class)
  static class ContextPropagation {

    ContextPropagation() {
      LabelsAccessor.register();
    }
  }
}
