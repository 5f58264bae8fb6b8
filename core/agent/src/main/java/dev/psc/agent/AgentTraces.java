package dev.psc.agent;

import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceContextSource;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The spans of threads, from sources outside of the agent's class loader. Thread-safe. */
final class AgentTraces implements TraceContextSource {

  private final Function<Object[], @Nullable Object @Nullable []> sources;

  AgentTraces(Function<Object[], @Nullable Object @Nullable []> sources) {
    this.sources = sources;
  }

  @Override
  public void capturing(boolean active) {
    @Nullable Object unused = sources.apply(new Object[] {"capturing", active});
  }

  @Override
  public @Nullable TraceContext at(long threadId, long epochNanos) {
    @Nullable Object[] found = sources.apply(new Object[] {"at", threadId, epochNanos});
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
    @Nullable Object unused = sources.apply(new Object[] {"sweep"});
  }
}
