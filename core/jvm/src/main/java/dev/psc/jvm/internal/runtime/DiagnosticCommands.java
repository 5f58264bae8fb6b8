package dev.psc.jvm.internal.runtime;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;

/** The JVM's diagnostic commands, as {@code jcmd} runs them. */
public final class DiagnosticCommands {

  private DiagnosticCommands() {}

  /**
   * Runs a command.
   *
   * @param operation its name as a bean's operation, e.g. {@code gcClassHistogram}
   * @return its output
   * @throws CaptureUnavailableException if this JVM has no such command, or it fails
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
          "the diagnostic command " + operation + " failed: " + e, e);
    }
  }
}
