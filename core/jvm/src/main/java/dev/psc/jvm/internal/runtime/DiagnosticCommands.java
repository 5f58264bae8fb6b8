package dev.psc.jvm.internal.runtime;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;

/** Calls the JVM's diagnostic commands in this process, as {@code jcmd} does from outside. */
public final class DiagnosticCommands {

  private DiagnosticCommands() {}

  /**
   * Runs a command.
   *
   * @param operation its name as a bean's operation, e.g. {@code gcClassHistogram}
   * @return what it printed
   * @throws CaptureUnavailableException when this JVM has none of that name, or it fails
   */
  public static String run(String operation, String... arguments) {
    try {
      return String.valueOf(
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  operation,
                  new Object[] {arguments},
                  new String[] {String[].class.getName()}));
    } catch (JMException | RuntimeException e) {
      throw new CaptureUnavailableException(
          "the diagnostic command " + operation + " does not work in this JVM: " + e, e);
    }
  }
}
