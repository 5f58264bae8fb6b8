package dev.psc.spring;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationContextInitializedEvent;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.event.ApplicationFailedEvent;
import org.springframework.boot.context.event.SpringApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * Starts profiling as soon as the properties are known, before the context exists. Public for
 * Spring's loader only.
 */
public final class ProfilingListener
    implements ApplicationListener<SpringApplicationEvent>, Ordered {

  /** After the listeners that read the configuration (+10) and set up logging (+20). */
  private static final int ORDER = Ordered.HIGHEST_PRECEDENCE + 30;

  /** The property source by which Spring Cloud marks the environment of its bootstrap context. */
  private static final String BOOTSTRAP = "bootstrap";

  private static final Map<SpringApplication, Profiling> starting =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** Called by Spring. */
  public ProfilingListener() {}

  @Override
  public int getOrder() {
    return ORDER;
  }

  @Override
  public void onApplicationEvent(SpringApplicationEvent event) {
    SpringApplication application = event.getSpringApplication();
    if (event instanceof ApplicationEnvironmentPreparedEvent prepared) {
      if (!prepared.getEnvironment().getPropertySources().contains(BOOTSTRAP)) {
        release(starting.put(application, Profiling.acquire(prepared.getEnvironment())));
      }
    } else if (event instanceof ApplicationContextInitializedEvent initialized) {
      Profiling profiling = starting.remove(application);
      if (profiling != null) {
        handOver(profiling, initialized.getApplicationContext().getBeanFactory());
      }
    } else if (event instanceof ApplicationFailedEvent) {
      release(starting.remove(application));
    }
  }

  /** Registered first of all, so that the context destroys it last. */
  private static void handOver(Profiling profiling, ConfigurableListableBeanFactory beans) {
    beans.registerSingleton(Profiling.BEAN, profiling);
    if (beans instanceof DefaultSingletonBeanRegistry registry) {
      registry.registerDisposableBean(Profiling.BEAN, profiling);
    }
  }

  private static void release(@Nullable Profiling profiling) {
    if (profiling != null) {
      profiling.destroy();
    }
  }
}
