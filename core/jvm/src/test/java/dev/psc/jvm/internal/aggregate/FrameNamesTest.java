package dev.psc.jvm.internal.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameNamesTest {

  @ParameterizedTest
  @CsvSource({
    "LamGen$$Lambda$65+0x00007fb1f4000c08.592959754, LamGen$$Lambda",
    "LamGen$$Lambda.0x0000000086040418, LamGen$$Lambda",
    "LamGen$$Lambda$14/0x0000000800c03000, LamGen$$Lambda",
    "java.lang.invoke.LambdaForm$MH.0x00000000860c1000, java.lang.invoke.LambdaForm$MH",
    "jdk.internal.reflect.GeneratedMethodAccessor17, jdk.internal.reflect.GeneratedMethodAccessor",
    "jdk.proxy2.$Proxy31, jdk.proxy.$Proxy",
    "com.sun.proxy.$Proxy7$Inner, com.sun.proxy.$Proxy$Inner",
    "com.acme.Order_$$_jvst4f3_0, com.acme.Order_$$_jvst",
    "com.acme.Order$auxiliary$Ab12Cd, com.acme.Order$auxiliary$",
    "com.acme.Script1701234567890, com.acme.ScriptN",
    "com.acme.Job_1701234567890123456_7$Step, com.acme.Job_N_7$Step",
    "com.acme.build_0f3a9c1d2e4b5a69_run, com.acme.build_N_run",
    "com.acme.build.0f3a9c1d2e4b5a69, com.acme.build.N",
    "com.acme.Version20261129, com.acme.Version20261129",
    "com.acme.Service$$EnhancerBySpringCGLIB$$1a2b3c, com.acme.Service$$EnhancerBySpringCGLIB$$",
    "com.acme.Thing$ByteBuddy$Ab3dE9, com.acme.Thing$ByteBuddy$",
    "com.acme.Base64, com.acme.Base64",
    "com.acme.Outer$Inner$1, com.acme.Outer$Inner$1",
  })
  void oneClassHasOneNameAcrossRestarts(String binary, String shown) {
    assertThat(FrameNames.className(binary)).isEqualTo(shown);
  }

  @Test
  void aNameWithTheProcessIdIsTheSameInAnotherProcess() {
    long pid = ProcessHandle.current().pid();
    assertThat(FrameNames.pid(256)).as("too common a number").isNull();
    assertThat(FrameNames.pid(41_256).matcher("Worker_41256$Task41_256").replaceAll("N"))
        .isEqualTo("Worker_N$Task41_256");
    assertThat(FrameNames.className("com.acme.Worker_" + pid))
        .isEqualTo("com.acme.Worker_" + (pid < 1_000 ? pid : "N"));
  }

  @Test
  void methodsHaveNoTimeInTheirNames() {
    StackPool pool = new StackPool(StackPool.Limits.DEFAULT);
    assertThat(pool.name(pool.method("com.acme.Rules", "run_1701234567890", "")))
        .isEqualTo("com.acme.Rules.run_N");
  }

  @Test
  void filesAreThoseOfTheTopLevelClass() {
    assertThat(FrameNames.fileName("com.acme.Outer$Inner")).isEqualTo("com/acme/Outer.java");
    assertThat(FrameNames.fileName("Main")).isEqualTo("Main.java");
    assertThat(FrameNames.fileName("com.acme.$Odd")).isEqualTo("com/acme/$Odd.java");
    assertThat(FrameNames.fileName("com.acme.Mainkt", "Main.kt")).isEqualTo("com/acme/Main.kt");
  }

  @Test
  void typesAreAsInSource() {
    assertThat(FrameNames.typeName("[B")).isEqualTo("byte[]");
    assertThat(FrameNames.typeName("[[Ljava.lang.String;")).isEqualTo("java.lang.String[][]");
    assertThat(FrameNames.typeName("java.lang.String")).isEqualTo("java.lang.String");
  }

  @Test
  void threadsOfAPoolShareAName() {
    assertThat(FrameNames.poolName("pool-3-thread-17")).isEqualTo("pool-N-thread-N");
  }
}
