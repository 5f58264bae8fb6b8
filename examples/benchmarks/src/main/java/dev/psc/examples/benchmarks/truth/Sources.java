package dev.psc.examples.benchmarks.truth;

import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Generated Java sources, compiled in memory: deep and varied stacks, many allocations. */
public final class Sources {

  private Sources() {}

  /** Compiles a number of classes with the JDK's compiler and discards the result. */
  public static boolean compile(int classes) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IllegalStateException("this JVM has no compiler: run it with a JDK");
    }
    List<JavaFileObject> sources = new ArrayList<>();
    for (int i = 0; i < classes; i++) {
      sources.add(new Source(i));
    }
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      return compiler
          .getTask(null, new Forgetful(files), null, List.of("-proc:none"), null, sources)
          .call();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static final class Source extends SimpleJavaFileObject {
    private final int number;

    Source(int number) {
      super(URI.create("memory:///Generated" + number + ".java"), Kind.SOURCE);
      this.number = number;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      StringBuilder text = new StringBuilder("import java.util.*; class Generated" + number + " {");
      for (int i = 0; i < 25; i++) {
        text.append("Map<String, List<Integer>> m").append(i).append("(int x) {");
        text.append("Map<String, List<Integer>> map = new TreeMap<>();");
        text.append("for (int i = 0; i < x; i++) { int y = i * (x + ").append(i).append(");");
        text.append("map.computeIfAbsent(\"k\" + y % 7, k -> new ArrayList<>()).add(y); }");
        text.append("map.entrySet().removeIf(e -> e.getValue().stream().mapToInt(v -> v).sum() < ")
            .append(i)
            .append("); return map; }");
      }
      return text.append('}').toString();
    }
  }

  /** A file manager that discards class files. */
  private static final class Forgetful extends ForwardingJavaFileManager<JavaFileManager> {

    Forgetful(JavaFileManager files) {
      super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(
          URI.create("memory:///" + name.replace('.', '/') + kind.extension), kind) {
        @Override
        public OutputStream openOutputStream() {
          return OutputStream.nullOutputStream();
        }
      };
    }
  }
}
