package dev.psc.auth;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A guard for every test of this module: after each test class, no token may be in a log, in
 * printed output, in the name of a thread, or in an exception that reached a test.
 */
public final class SecretGuard
    implements BeforeAllCallback, AfterAllCallback, AfterTestExecutionCallback {

  /** Tokens, JWTs, and the decimal bytes of "psc_" and "Bear" as gRPC logs refused values. */
  private static final Pattern SECRET =
      Pattern.compile(
          "psc_v1_[0-9a-fA-F]{8,}|eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"
              + "|112, 115, 99, 95|66, 101, 97, 114");

  private static final ByteArrayOutputStream CAPTURED = new ByteArrayOutputStream();
  private static final List<String> THROWN = new CopyOnWriteArrayList<>();
  private static boolean installed;

  @Override
  public void beforeAll(ExtensionContext context) {
    synchronized (SecretGuard.class) {
      if (!installed) {
        installed = true;
        System.setErr(new Tee(System.err));
        System.setOut(new Tee(System.out));
        Logger.getLogger("").addHandler(new Capture());
      }
    }
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    context
        .getExecutionException()
        .ifPresent(
            thrown -> {
              for (Throwable t = thrown; t != null; t = t.getCause()) {
                THROWN.add(t.toString());
              }
            });
  }

  @Override
  public void afterAll(ExtensionContext context) {
    String leaked = firstSecretIn(captured());
    for (String thrown : THROWN) {
      leaked = leaked == null ? firstSecretIn(thrown) : leaked;
    }
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      leaked = leaked == null ? firstSecretIn(thread.getName()) : leaked;
    }
    if (leaked != null) {
      throw new AssertionError("a secret was logged, thrown or named a thread: …" + leaked + "…");
    }
  }

  /** Returns everything logged and printed so far. */
  static String captured() {
    return CAPTURED.toString(StandardCharsets.UTF_8);
  }

  /** Returns the text around the first secret, without the secret, or null. */
  static @Nullable String firstSecretIn(String text) {
    Matcher matcher = SECRET.matcher(text);
    return matcher.find()
        ? text.substring(Math.max(0, matcher.start() - 120), matcher.start()) + "<secret>"
        : null;
  }

  private static final class Tee extends PrintStream {
    Tee(PrintStream to) {
      super(to, true, StandardCharsets.UTF_8);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      CAPTURED.write(bytes, from, length);
      super.write(bytes, from, length);
    }
  }

  private static final class Capture extends Handler {
    @Override
    public void publish(LogRecord logged) {
      String text =
          logged.getMessage()
              + Arrays.deepToString(logged.getParameters())
              + logged.getThrown()
              + "\n";
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      CAPTURED.write(bytes, 0, bytes.length);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
