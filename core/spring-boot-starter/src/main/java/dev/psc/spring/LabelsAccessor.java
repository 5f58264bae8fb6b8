package dev.psc.spring;

import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Lets labels follow a reactive chain or a task to other threads. Thread-safe. */
final class LabelsAccessor implements ThreadLocalAccessor<LabelSet> {

  private final ThreadLocal<Deque<ProfileLabels.Scope>> scopes =
      ThreadLocal.withInitial(ArrayDeque::new);

  /** Registers it; a second time replaces the first. */
  static void register() {
    ContextRegistry.getInstance().registerThreadLocalAccessor(new LabelsAccessor());
  }

  @Override
  public Object key() {
    return RequestLabels.KEY;
  }

  @Override
  public @Nullable LabelSet getValue() {
    LabelSet labels = ProfileLabels.current();
    return labels.isEmpty() ? null : labels;
  }

  @Override
  public void setValue(LabelSet labels) {
    scopes.get().push(ProfileLabels.scope(labels));
  }

  /** Called where a chain has no labels; those of the thread stay. */
  @Override
  public void setValue() {
    scopes.get().push(ProfileLabels.scope(LabelSet.empty()));
  }

  @Override
  public void restore(LabelSet previous) {
    restore();
  }

  @Override
  public void restore() {
    Deque<ProfileLabels.Scope> open = scopes.get();
    ProfileLabels.Scope last = open.poll();
    if (last != null) {
      last.close();
    }
    if (open.isEmpty()) {
      scopes.remove();
    }
  }
}
