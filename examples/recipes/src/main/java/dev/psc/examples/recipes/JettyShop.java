package dev.psc.examples.recipes;

import dev.psc.jvm.JvmProfiling;
import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;

/** A shop in Jetty that serves its profiles. */
final class JettyShop {

  private JettyShop() {}

  /**
   * Starts the shop; the caller stops the server.
   *
   * @param port 0 selects a free port
   */
  static Server start(JvmProfiling profiling, int port) throws Exception {
    ServletContextHandler context = new ServletContextHandler("/");
    FilterHolder labels = new FilterHolder(new RouteLabels());
    labels.setAsyncSupported(true);
    context.addFilter(labels, "/*", EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(new ServletHolder(new PprofServlet(profiling.handler())), "/debug/pprof/*");
    context.addServlet(new ServletHolder(new OrderServlet()), "/orders/*");
    Server server = new Server(port);
    server.setHandler(context);
    server.start();
    return server;
  }
}
