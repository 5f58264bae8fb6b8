package dev.psc.examples.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.Dispatchers;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Labels of work that does not come from requests. */
@Timeout(120)
class LibrariesTest {

  private JvmProfiling profiling;

  @BeforeEach
  void start() {
    profiling = JvmProfiling.builder().start();
  }

  @AfterEach
  void stop() {
    profiling.close();
  }

  private byte[] profile() {
    PprofResponse response =
        profiling
            .handler()
            .handle(new PprofRequest("GET", "profile", Map.of("seconds", "1"), Map.of()));
    assertThat(response.status()).isEqualTo(200);
    return response.body();
  }

  @Test
  void recordsOfAKafkaConsumerHaveTopicAndGroup() throws Exception {
    TopicPartition orders = new TopicPartition("orders", 0);
    MockConsumer<String, String> consumer = new MockConsumer<>("earliest");
    consumer.assign(List.of(orders));
    consumer.updateBeginningOffsets(Map.of(orders, 0L));
    long[] offset = {0};
    Load.during(
        () -> {
          consumer.addRecord(new ConsumerRecord<>("orders", 0, offset[0]++, "17", "2 apples"));
          LabelledConsumer.poll(
              consumer, Duration.ofSeconds(1), order -> Orders.price(order.value()));
        },
        this::profile,
        profile -> {
          assertThat(Load.labels(profile, "topic")).containsExactly("orders");
          assertThat(Load.labels(profile, "group"))
              .containsExactly(consumer.groupMetadata().groupId());
        });
    assertThat(offset[0]).isPositive();
  }

  @Test
  void aCoroutineHasItsLabelsOnEachThread() throws Exception {
    LabelsContext labels = new LabelsContext(LabelSet.of("job", "import"));
    Set<String> threads = new ConcurrentSkipListSet<>();
    Set<LabelSet> seen = ConcurrentHashMap.newKeySet();
    Load.during(
        () -> {
          try {
            BuildersKt.runBlocking(
                Dispatchers.getDefault().plus(labels),
                (scope, next) ->
                    BuildersKt.withContext(
                        Dispatchers.getIO(),
                        (inner, end) -> {
                          threads.add(Thread.currentThread().getName());
                          seen.add(ProfileLabels.current());
                          return Orders.price("17");
                        },
                        next));
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        },
        this::profile,
        profile -> assertThat(Load.labels(profile, "job")).containsExactly("import"));
    assertThat(threads).allMatch(name -> name.startsWith("DefaultDispatcher-worker"));
    assertThat(seen).contains(LabelSet.of("job", "import"));
    assertThat(ProfileLabels.current()).isEqualTo(LabelSet.empty());
  }
}
