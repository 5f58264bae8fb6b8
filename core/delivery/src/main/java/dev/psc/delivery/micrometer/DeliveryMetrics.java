package dev.psc.delivery.micrometer;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A binder of the counters of a {@link Delivery} to meters named {@code psc.delivery.…}, tagged
 * {@code sink}. In Prometheus the names are those of the scraper's {@code psc_delivery_…}.
 *
 * <p>Binding the same delivery to the same registry again has no effect. {@link #close()} removes
 * the meters from the registries, so that a successor of the delivery can be bound. Thread-safe.
 */
// Not "requires static transitive": then every module below would need Micrometer to compile.
@SuppressWarnings("exports")
public final class DeliveryMetrics implements MeterBinder, AutoCloseable {

  private final Delivery delivery;
  private final Tags tags;
  private final Map<Meter, MeterRegistry> meters = new ConcurrentHashMap<>();

  private DeliveryMetrics(Delivery delivery) {
    this.delivery = Objects.requireNonNull(delivery, "delivery");
    this.tags = Tags.of("sink", delivery.snapshot().sink());
  }

  /**
   * Returns a binder.
   *
   * @param delivery the delivery to measure; not closed by the binder
   */
  public static DeliveryMetrics of(Delivery delivery) {
    return new DeliveryMetrics(delivery);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    counter(registry, "accepted", "Profiles accepted", null, DeliverySnapshot::accepted);
    counter(
        registry,
        "accepted.bytes",
        "Pprof bytes accepted",
        "bytes",
        DeliverySnapshot::acceptedBytes);
    counter(
        registry, "replayed", "Profiles replayed from the spool", null, DeliverySnapshot::replayed);
    counter(registry, "sent", "Profiles sent", null, DeliverySnapshot::sent);
    counter(registry, "sent.bytes", "Pprof bytes sent", "bytes", DeliverySnapshot::sentBytes);
    counter(registry, "retried", "Profiles sent again", null, DeliverySnapshot::retried);
    counter(registry, "calls", "Completed calls to the sink", null, DeliverySnapshot::calls);
    gauge(
        registry,
        "calls.in.flight",
        "Running calls to the sink",
        null,
        DeliverySnapshot::callsInFlight);
    gauge(registry, "queue.bytes", "Pprof bytes waiting", "bytes", DeliverySnapshot::queueBytes);
    gauge(
        registry, "memory.bytes", "Pprof bytes in memory", "bytes", DeliverySnapshot::memoryBytes);
    gauge(registry, "spool.bytes", "Size of the spool", "bytes", DeliverySnapshot::spoolBytes);
    gauge(
        registry,
        "spool.healthy",
        "0 while the spool's disk fails, else 1",
        null,
        snapshot -> snapshot.spoolHealthy() ? 1 : 0);
    time(
        registry,
        "oldest.age",
        "Age of the oldest waiting profile",
        DeliverySnapshot::oldestAge,
        tags);
    latency(registry, "0.5", DeliverySnapshot::latencyP50);
    latency(registry, "0.99", DeliverySnapshot::latencyP99);
    latency(registry, "1", DeliverySnapshot::latencyMax);
    for (DeliveryState state : DeliveryState.values()) {
      String name = state.name().toLowerCase(Locale.ROOT);
      keep(
          registry,
          Gauge.builder("psc.delivery.state", delivery, d -> d.snapshot().state() == state ? 1 : 0)
              .description("1 for the current state of the sender")
              .tags(tags.and("state", name))
              .register(registry));
    }
    DeliverySnapshot.DROP_REASONS.forEach(reason -> dropped(registry, reason));
    DeliverySnapshot.REFUSAL_REASONS.forEach(reason -> refused(registry, reason));
    // A sink may add further reasons: their meters are registered when this gauge is read.
    gauge(
        registry,
        "queue.profiles",
        "Profiles waiting",
        null,
        snapshot -> {
          snapshot.dropped().keySet().forEach(reason -> dropped(registry, reason));
          snapshot.refused().keySet().forEach(reason -> refused(registry, reason));
          return snapshot.queued();
        });
  }

  private void lost(
      MeterRegistry registry,
      String name,
      String description,
      String reason,
      Function<DeliverySnapshot, Map<String, Long>> counts) {
    keep(
        registry,
        FunctionCounter.builder(
                "psc.delivery." + name,
                delivery,
                d -> counts.apply(d.snapshot()).getOrDefault(reason, 0L))
            .description(description)
            .tags(tags.and("reason", reason))
            .register(registry));
  }

  private void dropped(MeterRegistry registry, String reason) {
    lost(
        registry,
        "dropped",
        "Profiles dropped after acceptance",
        reason,
        DeliverySnapshot::dropped);
  }

  private void refused(MeterRegistry registry, String reason) {
    lost(registry, "refused", "Profiles refused", reason, DeliverySnapshot::refused);
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String description,
      @Nullable String unit,
      ToDoubleFunction<DeliverySnapshot> value) {
    keep(
        registry,
        FunctionCounter.builder(
                "psc.delivery." + name, delivery, d -> value.applyAsDouble(d.snapshot()))
            .description(description)
            .baseUnit(unit)
            .tags(tags)
            .register(registry));
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String description,
      @Nullable String unit,
      ToDoubleFunction<DeliverySnapshot> value) {
    keep(
        registry,
        Gauge.builder("psc.delivery." + name, delivery, d -> value.applyAsDouble(d.snapshot()))
            .description(description)
            .baseUnit(unit)
            .tags(tags)
            .register(registry));
  }

  private void latency(
      MeterRegistry registry, String quantile, Function<DeliverySnapshot, Duration> value) {
    time(
        registry,
        "latency",
        "Time from acceptance to the response of the sink",
        value,
        tags.and("quantile", quantile));
  }

  private void time(
      MeterRegistry registry,
      String name,
      String description,
      Function<DeliverySnapshot, Duration> value,
      Tags with) {
    keep(
        registry,
        TimeGauge.builder(
                "psc.delivery." + name,
                delivery,
                TimeUnit.NANOSECONDS,
                d -> value.apply(d.snapshot()).toNanos())
            .description(description)
            .tags(with)
            .register(registry));
  }

  private void keep(MeterRegistry registry, Meter meter) {
    meters.put(meter, registry);
  }

  /** Removes the meters from their registries; idempotent. */
  @Override
  public void close() {
    meters.forEach((meter, registry) -> registry.remove(meter));
    meters.clear();
  }
}
