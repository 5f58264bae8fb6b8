package dev.psc.agent;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import com.sun.tools.attach.VirtualMachineDescriptor;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Path;

/**
 * The command line: {@code java -jar psc-jvm-agent.jar PID [options]} loads the agent into a
 * running JVM of the same user.
 */
public final class Attach {

  private static final String USAGE =
      """
      usage: java -jar psc-jvm-agent.jar PID [name=value,…]   profile a running JVM
             java -jar psc-jvm-agent.jar PID stop             stop profiling
             java -javaagent:psc-jvm-agent.jar=name=value,… … profile from the start

      Running JVMs:
      """;

  private Attach() {}

  /**
   * Exits with 0 if profiling was started or stopped, 1 if it was not, 2 for invalid arguments. The
   * reason is printed.
   */
  public static void main(String[] arguments) {
    System.exit(run(arguments, System.out, System.err));
  }

  private static int run(String[] arguments, PrintStream out, PrintStream err) {
    try {
      if (arguments.length < 1 || arguments.length > 2 || !arguments[0].matches("\\d{1,10}")) {
        err.print(USAGE);
        for (VirtualMachineDescriptor jvm : VirtualMachine.list()) {
          err.println("  " + jvm.id() + " " + jvm.displayName());
        }
        return 2;
      }
      VirtualMachine jvm = VirtualMachine.attach(arguments[0]);
      try {
        jvm.loadAgent(ownFile().toString(), arguments.length == 2 ? arguments[1] : "");
        return report(
            jvm.getSystemProperties().getProperty(PscAgent.OUTCOME, ""), arguments[0], out, err);
      } finally {
        jvm.detach();
      }
    } catch (AttachNotSupportedException
        | AgentLoadException
        | AgentInitializationException
        | IOException e) {
      err.println("psc-jvm-agent: failed to load into " + arguments[0] + ": " + e.getMessage());
      return 1;
    } catch (NoClassDefFoundError e) {
      err.println("psc-jvm-agent: attaching needs a JDK with the module jdk.attach");
      return 1;
    }
  }

  private static int report(String outcome, String pid, PrintStream out, PrintStream err) {
    String message = outcome.substring(outcome.indexOf(' ') + 1);
    if (outcome.startsWith("ok ")) {
      out.println("psc-jvm-agent in " + pid + ": " + message);
      return 0;
    }
    err.println(
        "psc-jvm-agent in "
            + pid
            + ": "
            + (message.isEmpty() ? "no response; see the standard error of " + pid : message));
    return 1;
  }

  private static Path ownFile() {
    try {
      return Path.of(Attach.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toAbsolutePath();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the agent's file has no path", e);
    }
  }
}
