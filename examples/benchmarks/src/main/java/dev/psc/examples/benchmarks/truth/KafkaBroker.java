package dev.psc.examples.benchmarks.truth;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Time;

/**
 * A Kafka broker in this JVM, in a temporary directory, with one topic, one producer and one
 * consumer. One thread may send and another one poll.
 */
final class KafkaBroker implements AutoCloseable {

  private static final String TOPIC = "orders";

  private final Path directory = Files.createTempDirectory("truth-kafka");
  private final KafkaRaftServer server;
  private final KafkaProducer<String, String> producer;
  private final KafkaConsumer<String, String> consumer;
  private final SplittableRandom random = new SplittableRandom(3);
  private final AtomicLong received = new AtomicLong();

  KafkaBroker() throws IOException {
    String address = "127.0.0.1:" + freePort();
    Properties settings = settings(address, "127.0.0.1:" + freePort());
    format(settings);
    server = new KafkaRaftServer(KafkaConfig.fromProps(settings), Time.SYSTEM);
    server.startup();
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", address, "compression.type", "lz4", "linger.ms", "5"),
            new StringSerializer(),
            new StringSerializer());
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", address, "group.id", "truth"),
            new StringDeserializer(),
            new StringDeserializer());
    consumer.subscribe(List.of(TOPIC));
  }

  /** Sends records and does not wait until they are stored. */
  void send(int records) {
    for (int i = 0; i < records; i++) {
      int order = random.nextInt(1_000_000);
      String value =
          "{\"order\":" + order + ",\"item\":\"item " + order % 977 + "\",\"amount\":" + i + "}";
      var unused = producer.send(new ProducerRecord<>(TOPIC, Integer.toString(order % 100), value));
    }
  }

  /** Receives records. */
  void poll() {
    long length = 0;
    int count = 0;
    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
      length += record.value().length();
      count++;
    }
    if (length < count) {
      throw new IllegalStateException("a record without a value");
    }
    received.addAndGet(count);
  }

  /** Returns the records that have been received. */
  long received() {
    return received.get();
  }

  private Properties settings(String broker, String controller) {
    Properties settings = new Properties();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", "1");
    settings.put("controller.quorum.voters", "1@" + controller);
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("listeners", "PLAINTEXT://" + broker + ",CONTROLLER://" + controller);
    settings.put("log.dirs", directory.resolve("log").toString());
    settings.put("num.partitions", "3");
    settings.put("offsets.topic.num.partitions", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("log.segment.bytes", Integer.toString(16 << 20));
    settings.put("log.retention.bytes", Integer.toString(64 << 20));
    return settings;
  }

  /** Writes the directory's metadata, as {@code kafka-storage.sh format} does. */
  private void format(Properties settings) throws IOException {
    Path file = directory.resolve("server.properties");
    try (var out = Files.newOutputStream(file)) {
      settings.store(out, null);
    }
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    String[] arguments = {
      "format", "--config", file.toString(), "--cluster-id", Uuid.randomUuid().toString()
    };
    int status =
        StorageTool.execute(arguments, new PrintStream(printed, true, StandardCharsets.UTF_8));
    if (status != 0) {
      throw new IOException(
          "Kafka's storage could not be formatted: " + printed.toString(StandardCharsets.UTF_8));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Stops the server and deletes the directory. The clients' threads wait for it from then on. */
  @Override
  public void close() throws IOException {
    server.shutdown();
    server.awaitShutdown();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
