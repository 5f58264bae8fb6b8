package dev.psc.scraper.config;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reacts to SIGHUP. The JDK has no supported way to do so; {@code sun.misc.Signal} is in {@code
 * jdk.unsupported} of every JDK, and by reflection it is no fault where it is not.
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
      logger.info("no SIGHUP on this system: POST /-/reload reads the config again");
    }
  }
}
