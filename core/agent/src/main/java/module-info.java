import dev.psc.agent.ClassPathProfiler;
import dev.psc.jvm.profile.NativeProfiler;

/** Profiles a JVM without a change of its application: a Java agent in one file. */
module dev.psc.agent {
  requires static transitive org.jspecify;
  requires dev.psc.jvm;
  requires dev.psc.store;
  requires java.instrument;
  requires static java.logging;
  requires static jdk.attach;
  requires org.slf4j;

  provides NativeProfiler with
      ClassPathProfiler;
}
