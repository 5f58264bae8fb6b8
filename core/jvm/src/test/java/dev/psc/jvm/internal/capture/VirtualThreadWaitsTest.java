package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.capture.VirtualThreadWaits.Wait;
import dev.psc.jvm.internal.dump.VirtualThreads;
import java.io.BufferedReader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VirtualThreadWaitsTest {

  /** The head of JDK 21 to 23 has no state; there a monitor keeps the carrier, and has events. */
  @ParameterizedTest
  @CsvSource({
    "'', java.lang.Object.wait0, NONE",
    "WAITING 2026-11-25T10:13:38Z, java.lang.Object.wait0, OTHER",
    "'', java.lang.VirtualThread.park, OTHER",
    "WAITING 2026-11-25T10:13:38Z, java.lang.VirtualThread.park, OTHER",
    "'', java.lang.VirtualThread.parkOnCarrierThread, NONE",
    "BLOCKED 2026-11-25T10:13:38Z, shop.Orders.update, LOCK",
    "'', shop.Orders.update, NONE",
    "'', java.util.concurrent.locks.ReentrantLock.lock, NONE",
    "WAITING 2026-11-25T10:13:38Z, sun.nio.ch.NioSocketImpl.implRead, NONE"
  })
  void countsWhatNoEventOfTheJdkTells(String state, String leaf, Wait expected) throws Exception {
    assertThat(VirtualThreadWaits.wait(thread(state, leaf))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "java.util.concurrent.locks.ReentrantLock.lock, LOCK",
    "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.await, OTHER"
  })
  void tellsLocksFromOtherWaits(String caller, Wait expected) throws Exception {
    assertThat(VirtualThreadWaits.wait(thread("", "java.lang.VirtualThread.park", caller)))
        .isEqualTo(expected);
  }

  private static VirtualThreads.Virtual thread(String state, String... methods) throws Exception {
    StringBuilder dump = new StringBuilder("#23 \"worker\" virtual");
    dump.append(state.isEmpty() ? "" : " " + state).append('\n');
    for (String method : methods) {
      dump.append("      java.base/").append(method).append("(Source.java:1)\n");
    }
    List<VirtualThreads.Virtual> found = new ArrayList<>();
    VirtualThreads.read(new BufferedReader(new StringReader(dump.toString())), found::add);
    return found.get(0);
  }
}
