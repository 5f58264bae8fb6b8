package dev.psc.jvm.internal.aggregate;

import java.util.regex.Pattern;

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
    if (!name.isEmpty() && Character.isDigit(name.charAt(name.length() - 1))) {
      name = NUMBERED.matcher(name).replaceAll("$1");
    }
    return name;
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
