package dev.psc.scraper.config;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handler of SIGHUP. The JDK has no supported API for signals; {@code sun.misc.Signal} of {@code
 * jdk.unsupported} is called by reflection, so that a missing class is not an error.
 */
public final class HangUp {

  private static final Logger logger = LoggerFactory.getLogger(HangUp.class);

  private HangUp() {}

  public static void handle(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              HangUp.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), proxy);
    } catch (ReflectiveOperationException e) {
      logger.info(
          "SIGHUP is not available on this system; use POST /-/reload to reload the config");
    }
  }
}
