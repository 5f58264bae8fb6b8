package dev.psc.spring;

import dev.psc.delivery.status.DeliveryState;
import dev.psc.jvm.JvmProfilingStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The health of profiling, for both generations of the actuator.
 *
 * @param well whether everything works; otherwise the status is {@code UNKNOWN}, because an
 *     application without profiles is healthy
 * @param details what works and what does not, without secrets
 */
record ProfilingHealth(boolean well, Map<String, Object> details) {

  static ProfilingHealth of(Profiling profiling) {
    Map<String, Object> details = new LinkedHashMap<>();
    List<String> problems = profiling.problems();
    boolean well = problems.isEmpty();
    if (!problems.isEmpty()) {
      details.put("problems", problems);
    }
    Optional<JvmProfilingStatus> status = profiling.profiler().map(running -> running.status());
    details.put("running", status.isPresent());
    if (status.isPresent()) {
      JvmProfilingStatus running = status.get();
      running.pprofAddress().ifPresent(address -> details.put("pprofAddress", address.toString()));
      if (running.unavailable().isPresent()) {
        well = false;
        details.put("unavailable", running.unavailable().get());
      }
      if (running.delivery().isPresent()) {
        var delivery = running.delivery().get();
        well &= delivery.state() == DeliveryState.SENDING && delivery.spoolHealthy();
        details.put("delivery", delivery.state().name());
        details.put("sent", delivery.sent());
        details.put("queued", delivery.queued());
        details.put("dropped", delivery.droppedTotal());
        if (!delivery.stateMessage().isEmpty()) {
          details.put("message", delivery.stateMessage());
        }
        if (!delivery.lastError().isEmpty()) {
          details.put("lastError", delivery.lastError());
        }
      }
    }
    return new ProfilingHealth(well, details);
  }
}
