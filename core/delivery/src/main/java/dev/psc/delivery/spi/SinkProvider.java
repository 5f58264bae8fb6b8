package dev.psc.delivery.spi;

import java.util.ServiceLoader;

/**
 * A factory of sinks for a store's address, found by {@link ServiceLoader}, so that pushing needs
 * no dependency on the transport.
 */
public interface SinkProvider {

  /** The kind of providers of sinks for profile stores, which speak gRPC. */
  String STORE = "store";

  /** The kind of providers of sinks for receivers of OTLP. */
  String OTLP = "otlp";

  /** Returns which sinks it makes: {@link #STORE} by default, or {@link #OTLP}. */
  default String kind() {
    return STORE;
  }

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
   * Returns the first provider of sinks for stores on the class or module path.
   *
   * @throws IllegalStateException if there is none; the message names the artifact to add
   */
  static SinkProvider load() {
    return load(STORE);
  }

  /**
   * Returns the first provider of a kind on the class or module path.
   *
   * @throws IllegalStateException if there is none; the message names the artifact to add
   */
  static SinkProvider load(String kind) {
    for (SinkProvider provider :
        ServiceLoader.load(SinkProvider.class, SinkProvider.class.getClassLoader())) {
      if (provider.kind().equals(kind)) {
        return provider;
      }
    }
    throw new IllegalStateException(
        "no SinkProvider "
            + (kind.equals(STORE) ? "" : "of kind " + kind + " ")
            + "on the class path: add the artifact dev.psc:psc-"
            + kind
            + ", or set a ProfileSink (in a shaded jar: merge META-INF/services)");
  }
}
