package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rotates tokens while many threads send: no call fails, and no old token stays in use. */
@Timeout(120)
class RotationUnderLoadTest {

  private static final int ROTATIONS = 50;
  private static final int THREADS = 20;

  @TempDir Path directory;

  @Test
  void noCallFailsAndNoneUsesATokenOlderThanPromised() throws Exception {
    SecureRandom random = new SecureRandom();
    Path file = directory.resolve("token");
    ServiceAccountToken initial = ServiceAccountToken.generate(random);
    Files.writeString(file, initial.reveal());
    // As a careful operator does it: the new token is valid before it is in the file, the old one
    // is revoked as soon as it is. Calls that carry the old one at that moment must recover.
    Set<String> valid = ConcurrentHashMap.newKeySet();
    valid.add("Bearer " + initial.reveal());
    AtomicInteger refusals = new AtomicInteger();
    AtomicInteger late = new AtomicInteger();
    Set<String> settledOut = ConcurrentHashMap.newKeySet();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicIntegerArray calls = new AtomicIntegerArray(THREADS);
    ProjectId project = ProjectId.random();
    try (TestServer server =
            TestServer.plaintext(
                headers -> {
                  String shown = headers.get(TestServer.AUTHORIZATION);
                  if (settledOut.contains(shown)) {
                    late.incrementAndGet();
                  }
                  if (valid.contains(shown)) {
                    return Status.OK;
                  }
                  refusals.incrementAndGet();
                  return Status.UNAUTHENTICATED;
                });
        FileTokenSource source =
            FileTokenSource.builder(file).interval(Duration.ofSeconds(60)).open()) {
      ManagedChannel transport = server.channel().build();
      io.grpc.Channel channel =
          ClientInterceptors.intercept(
              transport,
              PscAuthInterceptor.builder(source, project).allowPlaintextOnLoopback().build());
      ExecutorService senders = Executors.newFixedThreadPool(THREADS);
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int mine = i;
        running.add(
            senders.submit(
                () -> {
                  while (!stop.get()) {
                    String answer =
                        ClientCalls.blockingUnaryCall(
                            channel, TestServer.UNARY, CallOptions.DEFAULT, "x");
                    if (!answer.equals("x")) {
                      throw new AssertionError("a call got another response");
                    }
                    calls.incrementAndGet(mine);
                  }
                }));
      }
      String previous = "Bearer " + initial.reveal();
      for (int i = 0; i < ROTATIONS; i++) {
        ServiceAccountToken next = ServiceAccountToken.generate(random);
        valid.add("Bearer " + next.reveal());
        Path fresh = directory.resolve("fresh");
        Files.writeString(fresh, next.reveal());
        Files.move(
            fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        valid.remove(previous);
        // Every thread ends the call that it was in, and one that it began afterwards.
        awaitTwoCallsOfEach(calls, running);
        assertThat(source.token()).isEqualTo(next);
        settledOut.add(previous);
        previous = "Bearer " + next.reveal();
      }
      stop.set(true);
      for (Future<?> sender : running) {
        sender.get(60, TimeUnit.SECONDS);
      }
      senders.shutdown();
      TestServer.end(transport);
    }
    assertThat(late).hasValue(0);
    assertThat(refusals.get()).isGreaterThanOrEqualTo(ROTATIONS);
    for (int i = 0; i < THREADS; i++) {
      assertThat(calls.get(i)).isGreaterThanOrEqualTo(2 * ROTATIONS);
    }
  }

  private static void awaitTwoCallsOfEach(AtomicIntegerArray calls, List<Future<?>> running) {
    int[] before = new int[THREADS];
    for (int i = 0; i < THREADS; i++) {
      before[i] = calls.get(i);
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(2))
        .until(
            () ->
                running.stream().anyMatch(Future::isDone)
                    || IntStream.range(0, THREADS).allMatch(i -> calls.get(i) >= before[i] + 2));
  }
}
