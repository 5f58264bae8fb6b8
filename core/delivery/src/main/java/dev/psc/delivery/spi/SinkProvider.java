package dev.psc.delivery.spi;

import java.util.Iterator;
import java.util.ServiceLoader;

/**
 * A factory of sinks for a store's address, found by {@link ServiceLoader}, so that pushing needs
 * no dependency on the transport.
 */
public interface SinkProvider {

  /**
   * Returns a sink, which the caller closes. It connects with the first send.
   *
   * @param settings the settings of the connection
   * @throws IllegalArgumentException if a setting is invalid; the message names it and a remedy
   * @throws IllegalStateException if something that a setting refers to is not available, such as a
   *     token file; a later call may succeed
   */
  ProfileSink create(SinkSettings settings);

  /**
   * Returns the first provider on the class or module path.
   *
   * @throws IllegalStateException if there is none; the message names the artifact to add
   */
  static SinkProvider load() {
    Iterator<SinkProvider> providers =
        ServiceLoader.load(SinkProvider.class, SinkProvider.class.getClassLoader()).iterator();
    if (!providers.hasNext()) {
      throw new IllegalStateException(
          "no SinkProvider on the class path: add the artifact dev.psc:psc-store, or set a"
              + " ProfileSink (in a shaded jar: merge META-INF/services)");
    }
    return providers.next();
  }
}
