package dev.psc.opentelemetry;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The spans of the OpenTelemetry Java agent, for a profiler in the application. The agent has its
 * own copy of the OpenTelemetry API, to which it redirects that of the application, and loads this
 * artifact as an extension into a class loader of its own. The copy there sees every span; this one
 * asks it, in types of the JDK, as {@link AgentBridge#answer} answers. Thread-safe.
 */
final class ExtensionSource {

  private static final Logger logger = LoggerFactory.getLogger(ExtensionSource.class);

  /** A class of the agent that every class loader sees. */
  private static final String AGENT = "io.opentelemetry.javaagent.bootstrap.AgentInitializer";

  private ExtensionSource() {}

  /** Returns the spans of the agent, or null if it does not run, or without this extension. */
  static @Nullable Function<Object[], ?> find() {
    Class<?> agent;
    try {
      agent = Class.forName(AGENT, false, null);
    } catch (ClassNotFoundException e) {
      return null;
    }
    try {
      MethodHandle loader =
          MethodHandles.publicLookup()
              .findStatic(
                  agent, "getExtensionsClassLoader", MethodType.methodType(ClassLoader.class));
      ClassLoader extensions = (ClassLoader) loader.invoke();
      if (extensions != null) {
        return of(extensions);
      }
    } catch (ClassNotFoundException e) {
      logger.info(
          "The OpenTelemetry Java agent runs without the extension psc-opentelemetry; profile"
              + " samples have no ids of its spans. Add"
              + " -Dotel.javaagent.extensions=psc-opentelemetry.jar");
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      logger.warn(
          "Cannot read the spans of this version of the OpenTelemetry Java agent; profile samples"
              + " have no ids of them, except with psc-jvm-agent: {}",
          e.toString());
    }
    return null;
  }

  private static Function<Object[], ?> of(ClassLoader extensions) throws Throwable {
    MethodHandle source =
        MethodHandles.publicLookup()
            .findStatic(
                Class.forName(AgentExtension.class.getName(), true, extensions),
                "source",
                MethodType.methodType(Function.class));
    return (Function<Object[], ?>) source.invoke();
  }
}
