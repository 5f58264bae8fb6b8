package dev.psc.jvm.internal.aggregate;

import java.util.List;

/** The methods in which threads wait: for work in a pool, or in native code. */
public final class IdleMethods {

  private static final List<String> IDLE_PREFIXES =
      List.of(
          "java.util.concurrent.ThreadPoolExecutor.getTask",
          "java.util.concurrent.ForkJoinPool.awaitWork",
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

  /** By the name of this class, because the agent has another one. */
  private static final String OWN_REQUEST =
      IdleMethods.class.getPackageName().replace(".internal.aggregate", ".PprofHandler.handle");

  private IdleMethods() {}

  static int flags(String function) {
    int flags = 0;
    for (String prefix : IDLE_PREFIXES) {
      if (function.startsWith(prefix)) {
        flags |= StackPool.IDLE;
        break;
      }
    }
    if (function.equals(OWN_REQUEST)) {
      flags |= StackPool.OWN;
    }
    for (String leaf : WAITING_LEAVES) {
      if (function.startsWith(leaf)) {
        flags |= StackPool.WAITS;
        break;
      }
    }
    return flags;
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
