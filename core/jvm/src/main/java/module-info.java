/**
 * Profiles of the running JVM: CPU, allocations, locks, heap and threads, pushed to a store or
 * served at /debug/pprof.
 */
module dev.psc.jvm {
  requires static transitive org.jspecify;
  requires transitive dev.psc.delivery;
  requires org.slf4j;
  requires java.management;
  requires static jdk.jfr;
  requires static jdk.management;

  uses dev.psc.jvm.profile.NativeProfiler;
  uses dev.psc.jvm.profile.TraceContextSource;

  exports dev.psc.jvm;
  exports dev.psc.jvm.profile;
}
