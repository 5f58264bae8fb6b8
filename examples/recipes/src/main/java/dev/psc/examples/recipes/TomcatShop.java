package dev.psc.examples.recipes;

import dev.psc.jvm.JvmProfiling;
import jakarta.servlet.http.HttpServlet;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** The same shop in Tomcat. */
final class TomcatShop {

  private TomcatShop() {}

  /**
   * Starts the shop; the caller stops and destroys it.
   *
   * @param directory for Tomcat's working files
   * @param port 0 selects a free port
   */
  static Tomcat start(JvmProfiling profiling, Path directory, int port) throws LifecycleException {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(port);
    tomcat.getConnector();
    Context context = tomcat.addContext("", null);
    FilterDef labels = new FilterDef();
    labels.setFilterName("labels");
    labels.setFilter(new RouteLabels());
    labels.setAsyncSupported("true");
    context.addFilterDef(labels);
    FilterMap all = new FilterMap();
    all.setFilterName("labels");
    all.addURLPattern("/*");
    context.addFilterMap(all);
    add(context, "pprof", new PprofServlet(profiling.handler()), "/debug/pprof/*");
    add(context, "orders", new OrderServlet(), "/orders/*");
    tomcat.start();
    return tomcat;
  }

  private static void add(Context context, String name, HttpServlet servlet, String pattern) {
    Tomcat.addServlet(context, name, servlet);
    context.addServletMappingDecoded(pattern, name);
  }
}
