package dev.psc.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** An application in a separate JVM that ends with the test. */
final class ChildApp implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern ENDPOINT =
      Pattern.compile("serves profiles at (http://\\S+/debug/pprof/)");

  private final Process process;
  private final Path output;

  private ChildApp(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Returns the finished jar of this module. */
  static Path agentJar() {
    Path jar =
        Path.of(System.getProperty("psc.root", "../.."), "core/agent/target/psc-jvm-agent.jar");
    assertThat(jar).as("the agent, made by the phase package").exists();
    return jar;
  }

  static List<String> agent(String options) {
    return List.of("-javaagent:" + agentJar() + "=" + options);
  }

  static ChildApp start(List<String> options, String classPath, String main, String... arguments)
      throws IOException {
    return start(Map.of(), options, classPath, main, arguments);
  }

  /** Starts an application with further environment variables. */
  static ChildApp start(
      Map<String, String> environment,
      List<String> options,
      String classPath,
      String main,
      String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(java().toString());
    command.add("-Xmx256m");
    command.addAll(options);
    command.add("-cp");
    command.add(classPath);
    command.add(main);
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile("psc-child", ".txt");
    ProcessBuilder process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    process.environment().putAll(environment);
    return new ChildApp(process.start(), output);
  }

  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /** Loads the agent into a running JVM, as a user does; returns what is printed. */
  static String attach(long pid, int status, String options) throws Exception {
    Process attach =
        new ProcessBuilder(
                java().toString(), "-jar", agentJar().toString(), Long.toString(pid), options)
            .redirectErrorStream(true)
            .start();
    String printed = new String(attach.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(attach.waitFor()).as(printed).isEqualTo(status);
    return printed;
  }

  long pid() {
    return process.pid();
  }

  String printed() throws IOException {
    return Files.readString(output);
  }

  void await(String text) {
    awaitThat(() -> printed().contains(text));
  }

  URI awaitEndpoint() throws IOException {
    awaitThat(() -> ENDPOINT.matcher(printed()).find());
    Matcher matcher = ENDPOINT.matcher(printed());
    assertThat(matcher.find()).isTrue();
    return URI.create(matcher.group(1));
  }

  int exitStatus() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("it ends").isTrue();
    return process.exitValue();
  }

  private void awaitThat(Callable<Boolean> condition) {
    try {
      Awaitility.await().atMost(PATIENCE).until(condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("alive: " + process.isAlive() + ", printed: " + describe(), e);
    }
  }

  private String describe() {
    try {
      return printed();
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(output);
  }
}
