package dev.psc.store;

import dev.psc.store.StoreCheckStep.Name;
import dev.psc.store.StoreCheckStep.Result;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The results of a running {@link StoreCheck}. Not thread-safe. */
final class StoreCheckSteps {

  private final List<StoreCheckStep> steps = new ArrayList<>();

  void ok(Name name, String message) {
    steps.add(new StoreCheckStep(name, Result.OK, message, ""));
  }

  void wrong(Name name, String message, String remedy) {
    steps.add(new StoreCheckStep(name, Result.WRONG, message, remedy));
  }

  void skipped(Name name, String message) {
    steps.add(new StoreCheckStep(name, Result.SKIPPED, message, ""));
  }

  /** Adds a result for every step that has none yet. */
  void skipRest(String reason) {
    Set<Name> rest = EnumSet.allOf(Name.class);
    steps.forEach(step -> rest.remove(step.name()));
    rest.forEach(name -> skipped(name, reason));
  }

  List<StoreCheckStep> all() {
    return List.copyOf(steps);
  }
}
