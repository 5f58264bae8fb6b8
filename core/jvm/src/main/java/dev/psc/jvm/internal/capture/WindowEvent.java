package dev.psc.jvm.internal.capture;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** An event that marks the boundary between two windows in the event stream. */
@Name("dev.psc.Window")
@Label("Profile Window")
@Description("The end of a window of profiles")
@Category("Profiling")
@Enabled(false)
@StackTrace(false)
final class WindowEvent extends Event {

  @Label("Capture")
  long capture;

  @Label("Boundary")
  long boundary;
}
