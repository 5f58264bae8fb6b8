package dev.psc.examples.recipes;

import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import kotlin.coroutines.AbstractCoroutineContextElement;
import kotlin.coroutines.CoroutineContext;
import kotlinx.coroutines.ThreadContextElement;

/**
 * Labels of a coroutine, on each thread that resumes it: {@code withContext(LabelsContext(labels))
 * { … }}.
 */
public final class LabelsContext extends AbstractCoroutineContextElement
    implements ThreadContextElement<ProfileLabels.Scope> {

  /** The key of the element in a context. */
  public static final Key KEY = new Key();

  private final LabelSet labels;

  /** Creates an element. A nested one replaces it, so give that one all labels. */
  public LabelsContext(LabelSet labels) {
    super(KEY);
    this.labels = labels;
  }

  @Override
  public ProfileLabels.Scope updateThreadContext(CoroutineContext context) {
    return ProfileLabels.scope(labels);
  }

  @Override
  public void restoreThreadContext(CoroutineContext context, ProfileLabels.Scope scope) {
    scope.close();
  }

  /** The type of the key. */
  public static final class Key implements CoroutineContext.Key<LabelsContext> {

    private Key() {}
  }
}
