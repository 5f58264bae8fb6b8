package dev.psc.jvm.internal.aggregate;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of functions and files in profiles. Addresses and counters in names of generated
 * classes are removed, so that the same code has the same name after a restart.
 */
public final class FrameNames {

  private static final Pattern ADDRESS = Pattern.compile("[+/.]0x[0-9a-f]+(\\.\\d+)?");
  private static final Pattern LAMBDA = Pattern.compile("\\$\\$Lambda[$/]?\\d*(/\\d+)?");
  private static final Pattern NUMBERED =
      Pattern.compile(
          "(Generated(?:Serialization)?(?:Method|Constructor)Accessor|\\$Proxy|LambdaForm\\$[A-Za-z]+)\\d+");
  private static final Pattern GENERATED_HASH =
      Pattern.compile(
          "(\\$\\$(?:EnhancerBy[A-Za-z]*|FastClassBy[A-Za-z]*|SpringCGLIB|KeyFactoryBy[A-Za-z]*)\\$\\$|\\$(?:ByteBuddy|MockitoMock|HibernateProxy)\\$)[0-9A-Za-z]+");
  private static final Pattern PROXY_PACKAGE = Pattern.compile("\\bjdk\\.proxy\\d+\\.");

  /** Proxies of javassist, and helpers that Byte Buddy generates. */
  private static final Pattern GENERATED_NUMBER =
      Pattern.compile("(_\\$\\$_jvst)[0-9a-f]+(?:_[0-9a-f]+)?|(\\$auxiliary\\$)[0-9A-Za-z]+");

  /** A time in milliseconds or finer, or a hash. */
  private static final Pattern TIME_OR_HASH =
      Pattern.compile(
          "(?<!\\d)\\d{10,19}(?!\\d)|(?<![0-9A-Za-z])(?=[a-f]*\\d)[0-9a-f]{16,}(?![0-9A-Za-z])");

  private static final int LONG_NUMBER = 10;

  /** This process's id, if it is long enough to be distinguished from another number. */
  private static final @Nullable Pattern PID = pid(ProcessHandle.current().pid());

  private static final Pattern HIDDEN_NUMBER = Pattern.compile("/\\d+$");

  /** async-profiler stores the library of a native frame as its class. */
  private static final Pattern NATIVE = Pattern.compile("\\.(so|dylib)(\\.|$)");

  private static final Pattern DIGITS = Pattern.compile("\\d+");

  private FrameNames() {}

  /** Returns a class name with dots and without addresses, counters and hashes. */
  public static String className(String binaryName) {
    String name = binaryName;
    if (name.indexOf("0x") >= 0) {
      name = ADDRESS.matcher(name).replaceAll("");
    }
    if (name.indexOf('/') >= 0) {
      name = HIDDEN_NUMBER.matcher(name).replaceAll("").replace('/', '.');
    }
    int dollar = name.indexOf('$');
    if (dollar >= 0) {
      if (name.indexOf("$$", dollar) >= 0) {
        name = LAMBDA.matcher(name).replaceAll("\\$\\$Lambda");
      }
      name = GENERATED_HASH.matcher(name).replaceAll("$1");
    }
    if (name.indexOf("Accessor") >= 0 || name.indexOf("$Proxy") >= 0 || name.contains("Form$")) {
      name = NUMBERED.matcher(name).replaceAll("$1");
      name = PROXY_PACKAGE.matcher(name).replaceAll("jdk.proxy.");
    }
    if (dollar >= 0) {
      name = GENERATED_NUMBER.matcher(name).replaceAll("$1$2");
    }
    return stable(name);
  }

  /** Returns a name with {@code N} for each time, hash and process id in it. */
  public static String stable(String name) {
    int digits = 0;
    for (int i = 0; i < name.length(); i++) {
      digits += Character.isDigit(name.charAt(i)) ? 1 : 0;
    }
    if (digits == 0) {
      return name;
    }
    String stable = name;
    if (digits >= LONG_NUMBER || name.length() >= 16) {
      stable = TIME_OR_HASH.matcher(stable).replaceAll("N");
    }
    return PID == null ? stable : PID.matcher(stable).replaceAll("N");
  }

  /** Returns the pattern of a process id of at least four digits. */
  static @Nullable Pattern pid(long pid) {
    return pid < 1_000 ? null : Pattern.compile("(?<!\\d)" + pid + "(?!\\d)");
  }

  /** Returns {@code pkg/Outer.java} for a class name that {@link #className} returned. */
  public static String fileName(String className) {
    if (className.isEmpty() || className.charAt(0) == '[' || isNative(className)) {
      return "";
    }
    int lastDot = className.lastIndexOf('.');
    int nested = className.indexOf('$', lastDot + 2);
    String outer = nested < 0 ? className : className.substring(0, nested);
    return outer.replace('.', '/') + ".java";
  }

  private static boolean isNative(String className) {
    return (className.contains(".so") || className.contains(".dylib"))
        && NATIVE.matcher(className).find();
  }

  /** Returns the file name of a stack trace element, with the directory of its package. */
  public static String fileName(String className, String simpleFile) {
    int lastDot = className.lastIndexOf('.');
    return lastDot < 0
        ? simpleFile
        : className.substring(0, lastDot).replace('.', '/') + '/' + simpleFile;
  }

  /** Returns a type as source code writes it: {@code byte[]} for {@code [B}. */
  public static String typeName(String binaryName) {
    int dimensions = 0;
    while (dimensions < binaryName.length() && binaryName.charAt(dimensions) == '[') {
      dimensions++;
    }
    if (dimensions == 0) {
      return className(binaryName);
    }
    String element = binaryName.substring(dimensions);
    String name =
        switch (element) {
          case "B" -> "byte";
          case "C" -> "char";
          case "D" -> "double";
          case "F" -> "float";
          case "I" -> "int";
          case "J" -> "long";
          case "S" -> "short";
          case "Z" -> "boolean";
          default ->
              element.startsWith("L") && element.endsWith(";")
                  ? className(element.substring(1, element.length() - 1).replace('/', '.'))
                  : element;
        };
    return name + "[]".repeat(dimensions);
  }

  /** Returns a thread's name with every number as {@code N}: one name per pool. */
  public static String poolName(String threadName) {
    return DIGITS.matcher(threadName).replaceAll("N");
  }
}
