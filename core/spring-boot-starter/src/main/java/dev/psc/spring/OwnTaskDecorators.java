package dev.psc.spring;

import dev.psc.jvm.ProfileLabels;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.MethodBeforeAdvice;
import org.springframework.aop.framework.AopConfigException;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.util.ClassUtils;

/**
 * Passes labelled tasks to the task decorators of the application, which keep their types, so that
 * both take effect. Thread-safe.
 */
final class OwnTaskDecorators implements BeanPostProcessor {

  private static final Logger logger = LoggerFactory.getLogger(OwnTaskDecorators.class);

  private static final MethodBeforeAdvice LABELS =
      (method, arguments, decorator) -> {
        if (method.getName().equals("decorate") && arguments[0] instanceof Runnable task) {
          arguments[0] = ProfileLabels.wrap(task);
        }
      };

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    if (!(bean instanceof TaskDecorator) || name.equals(ProfilingAutoConfiguration.DECORATOR)) {
      return bean;
    }
    Class<?> type = bean.getClass();
    boolean isAnonymous = ClassUtils.isLambdaClass(type) || Proxy.isProxyClass(type);
    if (Modifier.isFinal(type.getModifiers()) && !isAnonymous) {
      // A proxy would have another type, by which the application may ask for it.
      logger.info(
          "Tasks lack the labels of their submitter, because {} is" + " final", type.getName());
      return bean;
    }
    ProxyFactory proxy = new ProxyFactory(bean);
    proxy.setProxyTargetClass(!isAnonymous);
    proxy.addAdvice(LABELS);
    try {
      return proxy.getProxy(type.getClassLoader());
    } catch (AopConfigException e) {
      logger.info(
          "Tasks lack the labels of their submitter, because of" + " {}", type.getName(), e);
      return bean;
    }
  }
}
