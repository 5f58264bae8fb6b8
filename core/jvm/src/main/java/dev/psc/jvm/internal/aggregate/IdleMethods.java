package dev.psc.jvm.internal.aggregate;

import java.util.List;

/** The methods in which threads wait: for work in a pool, or in native code. */
public final class IdleMethods {

  private static final List<String> IDLE_PREFIXES =
      List.of(
          "java.util.concurrent.ThreadPoolExecutor.getTask",
          "java.util.concurrent.ForkJoinPool.awaitWork",
          "java.util.concurrent.DelayScheduler.loop",
          "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue.take",
          "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue.poll",
          "java.util.TimerThread.mainLoop",
          "java.lang.ref.ReferenceQueue.remove",
          "java.lang.ref.Reference.waitForReferencePendingList",
          "java.lang.ref.Reference.processPendingReferences",
          "jdk.internal.ref.CleanerImpl.run",
          "io.netty.channel.nio.NioEventLoop.select",
          "io.netty.channel.epoll.EpollEventLoop.epollWait",
          "io.netty.util.HashedWheelTimer$Worker.waitForNextTick",
          "io.netty.util.concurrent.SingleThreadEventExecutor.takeTask",
          "io.netty.util.concurrent.GlobalEventExecutor.takeTask",
          "org.apache.tomcat.util.threads.TaskQueue.take",
          "org.apache.tomcat.util.threads.TaskQueue.poll",
          "org.apache.catalina.core.StandardServer.await",
          "org.eclipse.jetty.util.thread.QueuedThreadPool.idleJobPoll",
          "sun.nio.ch.SelectorImpl.lockAndDoSelect");

  private static final List<String> WAITING_LEAVES =
      List.of(
          "sun.nio.ch.EPoll.wait",
          "sun.nio.ch.KQueue.poll",
          "sun.nio.ch.WEPoll.wait",
          "sun.nio.ch.Net.poll",
          "sun.nio.ch.Net.accept",
          "sun.nio.ch.PollSelectorImpl.poll",
          "sun.nio.ch.WindowsSelectorImpl$SubSelector.poll0",
          "sun.nio.ch.SocketDispatcher.read0",
          "sun.nio.ch.UnixDomainSockets.accept0",
          "sun.nio.ch.FileDispatcherImpl.force",
          "sun.nio.ch.UnixFileDispatcherImpl.force",
          "java.io.FileDescriptor.sync",
          "sun.nio.ch.EventFD.read",
          "sun.nio.fs.LinuxWatchService.poll",
          "java.net.PlainSocketImpl.socketAccept",
          "java.net.SocketInputStream.socketRead0",
          "java.lang.ProcessHandleImpl.waitForProcessExit0",
          "java.lang.ProcessImpl.waitFor",
          "java.lang.Object.wait",
          "java.lang.Thread.sleep",
          "jdk.internal.misc.Unsafe.park",
          "jdk.internal.misc.Signal.findSignal",
          "jdk.internal.misc.VM.latestUserDefinedLoader0",
          "jdk.jfr.internal.JVM.getChunkStartNanos");

  /** Native methods that calculate or copy, so that their threads never wait in them. */
  private static final List<String> BUSY_LEAVES =
      List.of(
          "java.util.zip.",
          "java.lang.Class.",
          "java.lang.ClassLoader.define",
          "java.lang.Object.clone",
          "java.lang.StrictMath.",
          "java.lang.System.arraycopy",
          "java.lang.Throwable.",
          "java.lang.reflect.",
          "java.lang.invoke.",
          "jdk.internal.misc.Unsafe.allocate",
          "jdk.internal.misc.Unsafe.copy",
          "jdk.internal.misc.Unsafe.setMemory",
          "jdk.internal.reflect.");

  /** By the name of this class, because the agent has another one. */
  private static final String OWN_REQUEST =
      IdleMethods.class.getPackageName().replace(".internal.aggregate", ".PprofHandler.handle");

  private IdleMethods() {}

  /** Returns whether a method is the one that answers requests for profiles. */
  public static boolean isOwnRequest(String className, String method) {
    return OWN_REQUEST.length() == className.length() + 1 + method.length()
        && OWN_REQUEST.startsWith(className)
        && OWN_REQUEST.endsWith(method);
  }

  /** Returns whether a native method is known to wait, at least as a start. */
  public static boolean waits(String leaf) {
    return startsWithAny(leaf, WAITING_LEAVES);
  }

  /** Returns whether a thread in a native method runs, whatever its CPU clock shows. */
  public static boolean neverWaits(String leaf) {
    return startsWithAny(leaf, BUSY_LEAVES);
  }

  private static boolean startsWithAny(String function, List<String> prefixes) {
    for (String prefix : prefixes) {
      if (function.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  static int flags(String function) {
    int flags = startsWithAny(function, IDLE_PREFIXES) ? StackPool.IDLE : 0;
    return function.equals(OWN_REQUEST) ? flags | StackPool.OWN : flags;
  }

  /** Returns whether a thread that is parked on an object of this class waits for a lock. */
  public static boolean isLock(String parkedClass) {
    if (parkedClass.endsWith("$ConditionObject") || parkedClass.endsWith("ConditionNode")) {
      return false;
    }
    return parkedClass.startsWith("java.util.concurrent.locks.")
        || parkedClass.endsWith("Lock")
        || parkedClass.contains("Lock$");
  }
}
