package dev.psc.examples.recipes;

import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import java.time.Duration;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/** Labels the samples of a Kafka consumer with its group and the topic of its records. */
final class LabelledConsumer {

  private LabelledConsumer() {}

  /** Polls once and processes the records; the caller loops and commits. */
  static <K, V> void poll(
      Consumer<K, V> consumer,
      Duration timeout,
      java.util.function.Consumer<ConsumerRecord<K, V>> handler) {
    String group = consumer.groupMetadata().groupId();
    ConsumerRecords<K, V> records = consumer.poll(timeout);
    for (TopicPartition partition : records.partitions()) {
      LabelSet labels = LabelSet.of("topic", partition.topic(), "group", group);
      ProfileLabels.run(labels, () -> records.records(partition).forEach(handler));
    }
  }
}
