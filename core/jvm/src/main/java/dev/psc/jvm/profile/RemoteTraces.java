package dev.psc.jvm.profile;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The spans of threads, from a function in another class loader. Thread-safe. */
final class RemoteTraces implements TraceContextSource {

  private final Function<Object[], ?> spans;

  RemoteTraces(Function<Object[], ?> spans) {
    this.spans = Objects.requireNonNull(spans, "spans");
  }

  @Override
  public void capturing(boolean active) {
    @Nullable Object unused = spans.apply(new Object[] {"capturing", active});
  }

  @Override
  public @Nullable TraceContext at(long threadId, long epochNanos) {
    @Nullable Object[] found = (Object[]) spans.apply(new Object[] {"at", threadId, epochNanos});
    return found == null
        ? null
        : new TraceContext(
            number(found[0]),
            number(found[1]),
            number(found[2]),
            number(found[3]),
            (String) found[4]);
  }

  private static long number(@Nullable Object value) {
    return (Long) Objects.requireNonNull(value);
  }

  @Override
  public void sweep() {
    @Nullable Object unused = spans.apply(new Object[] {"sweep"});
  }
}
