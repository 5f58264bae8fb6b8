package dev.psc.delivery.spi;

import java.util.Iterator;
import java.util.ServiceLoader;

/**
 * Makes the sink for a store's address. Found by {@link ServiceLoader}, so that who pushes profiles
 * need not depend on the transport.
 */
public interface SinkProvider {

  /**
   * Makes a sink; the caller closes it. Nothing is connected before the first send.
   *
   * @param settings where the store is and who we are there
   * @return the sink
   * @throws IllegalArgumentException when a setting is wrong: which one, and what to do
   */
  ProfileSink create(SinkSettings settings);

  /**
   * Returns the first provider on the class or module path.
   *
   * @throws IllegalStateException when there is none: which artifact to add
   */
  static SinkProvider load() {
    Iterator<SinkProvider> providers =
        ServiceLoader.load(SinkProvider.class, SinkProvider.class.getClassLoader()).iterator();
    if (!providers.hasNext()) {
      throw new IllegalStateException(
          "nothing here can send to a store: add the artifact dev.psc:psc-store, or hand in a"
              + " ProfileSink of your own (in a shaded jar: merge META-INF/services)");
    }
    return providers.next();
  }
}
