package dev.psc.scraper;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.util.Map;

/** Rules about dependencies between modules, and between the packages of a module. */
@AnalyzeClasses(
    packages = "dev.psc",
    importOptions = {DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {

  /** Leaves out the jars of tests, which packaged modules lend each other. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String LABEL = "dev.psc.label..";
  private static final String PPROF = "dev.psc.pprof..";
  private static final String DELIVERY = "dev.psc.delivery..";
  private static final String NET = "dev.psc.net..";
  private static final String AUTH = "dev.psc.auth";
  private static final String IAM = "dev.psc.auth.iam..";
  private static final String STORE = "dev.psc.store..";
  private static final String JVM = "dev.psc.jvm..";
  private static final String ASYNC_PROFILER = "dev.psc.asyncprofiler..";
  private static final String OPENTELEMETRY = "dev.psc.opentelemetry..";
  private static final String OTLP = "dev.psc.otlp..";
  private static final String SPRING = "dev.psc.spring..";
  private static final String TESTKIT = "dev.psc.testkit..";
  private static final String CONFIG = "dev.psc.scrape.config..";
  private static final String KUBERNETES = "dev.psc.scrape.kubernetes..";
  private static final String CLOUD = "dev.psc.scrape.cloud..";
  private static final String SCRAPE = "dev.psc.scrape..";

  /** The engine: every package below {@code dev.psc.scrape} that is not another module's. */
  private static final DescribedPredicate<JavaClass> ENGINE =
      resideInAPackage(SCRAPE)
          .and(DescribedPredicate.not(resideInAnyPackage(CONFIG, KUBERNETES, CLOUD)))
          .as("the engine");

  private static ArchRule onlyDependsOn(String module, String... allowed) {
    String[] all = new String[allowed.length + 1];
    all[0] = module;
    System.arraycopy(allowed, 0, all, 1, allowed.length);
    return noClasses()
        .that()
        .resideInAPackage(module)
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.psc..")
                .and(DescribedPredicate.not(resideInAnyPackage(all)))
                .as("modules other than " + String.join(", ", all)));
  }

  @ArchTest static final ArchRule pprofStandsAlone = onlyDependsOn(PPROF, LABEL);

  @ArchTest static final ArchRule labelsStandAlone = onlyDependsOn(LABEL);

  @ArchTest static final ArchRule deliveryKnowsPprof = onlyDependsOn(DELIVERY, PPROF, LABEL);

  @ArchTest static final ArchRule netStandsAlone = onlyDependsOn(NET);

  @ArchTest static final ArchRule authKnowsNet = onlyDependsOn(AUTH, NET);

  @ArchTest static final ArchRule iamKnowsAuth = onlyDependsOn(IAM, AUTH, NET);

  @ArchTest
  static final ArchRule storeKnowsDeliveryAndAuth =
      onlyDependsOn(STORE, DELIVERY, AUTH, NET, PPROF, LABEL);

  @ArchTest
  static final ArchRule onlyTheTestkitKnowsIam =
      noClasses()
          .that()
          .resideInAnyPackage(AUTH, STORE, SCRAPE, JVM, DELIVERY, "dev.psc.scraper..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(IAM);

  @ArchTest static final ArchRule jvmKnowsDelivery = onlyDependsOn(JVM, DELIVERY, PPROF, LABEL);

  @ArchTest static final ArchRule asyncProfilerKnowsJvm = onlyDependsOn(ASYNC_PROFILER, JVM);

  @ArchTest
  static final ArchRule onlyItsModuleKnowsAsyncProfiler =
      noClasses()
          .that()
          .resideOutsideOfPackages(ASYNC_PROFILER, "one.profiler..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("one.profiler..");

  @ArchTest static final ArchRule springKnowsJvm = onlyDependsOn(SPRING, JVM, DELIVERY, LABEL);

  @ArchTest
  static final ArchRule openTelemetryKnowsJvm =
      onlyDependsOn(OPENTELEMETRY, JVM, DELIVERY, PPROF, LABEL);

  /** Only one class has types of the profiler, which the OpenTelemetry Java agent does not load. */
  @ArchTest
  static final ArchRule theExtensionOfTheirAgentDoesNotNeedOurs =
      noClasses()
          .that()
          .resideInAPackage(OPENTELEMETRY)
          .and()
          .doNotHaveSimpleName("OpenTelemetryTraces")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(JVM, DELIVERY, PPROF, LABEL);

  @ArchTest
  static final ArchRule otlpKnowsDelivery = onlyDependsOn(OTLP, DELIVERY, NET, STORE, PPROF, LABEL);

  @ArchTest
  static final ArchRule onlyTheGrpcTransportOfOtlpNeedsTheStore =
      noClasses()
          .that()
          .resideInAPackage(OTLP)
          .and()
          .haveNameNotMatching("dev\\.psc\\.otlp\\.GrpcTransport.*")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(STORE, "io.grpc..", "com.google.protobuf..");

  @ArchTest
  static final ArchRule engineKnowsDelivery =
      noClasses()
          .that(ENGINE)
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.psc..")
                  .and(
                      DescribedPredicate.not(
                          ENGINE.or(resideInAnyPackage(DELIVERY, NET, PPROF, LABEL))))
                  .as("modules other than engine, delivery, net, pprof, label"));

  @ArchTest
  static final ArchRule configKnowsTheEngine =
      noClasses()
          .that()
          .resideInAPackage(CONFIG)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(KUBERNETES, CLOUD, AUTH, IAM, STORE, JVM, TESTKIT);

  @ArchTest
  static final ArchRule kubernetesKnowsTheEngine =
      noClasses()
          .that()
          .resideInAPackage(KUBERNETES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CONFIG, CLOUD, AUTH, IAM, STORE, JVM, TESTKIT);

  @ArchTest
  static final ArchRule cloudKnowsTheEngine =
      noClasses()
          .that()
          .resideInAPackage(CLOUD)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CONFIG, KUBERNETES, AUTH, IAM, STORE, JVM, TESTKIT);

  @ArchTest
  static final ArchRule nothingPublishedNeedsTheTestkit =
      noClasses()
          .that()
          .resideOutsideOfPackages(TESTKIT)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(TESTKIT);

  @ArchTest static final ArchRule pprofNeedsOnlyTheJdk = needsOnlyTheJdk(PPROF);

  @ArchTest static final ArchRule netNeedsOnlyTheJdk = needsOnlyTheJdk(NET);

  private static ArchRule needsOnlyTheJdk(String module) {
    return classes()
        .that()
        .resideInAPackage(module)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(module, LABEL, "java..", "javax.net.ssl..", "org.jspecify..");
  }

  @ArchTest
  static final ArchRule onlyNetReadsCertificatesAndKeys =
      noClasses()
          .that()
          .resideOutsideOfPackages(NET, TESTKIT)
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.security.cert.CertificateFactory")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.security.KeyFactory");

  @ArchTest
  static final ArchRule onlyStoreAuthAndAboveKnowGrpc =
      noClasses()
          .that()
          .resideInAnyPackage(PPROF, LABEL, DELIVERY, JVM, SCRAPE, NET)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "com.google.protobuf..");

  /** The artifacts by the packages that they own; the longest match decides. */
  private static final Map<String, String> ARTIFACTS =
      Map.ofEntries(
          Map.entry("dev.psc.label", "psc-pprof"),
          Map.entry("dev.psc.pprof", "psc-pprof"),
          Map.entry("dev.psc.delivery", "psc-delivery"),
          Map.entry("dev.psc.net", "psc-net"),
          Map.entry("dev.psc.auth", "psc-auth"),
          Map.entry("dev.psc.auth.iam", "psc-auth-iam"),
          Map.entry("dev.psc.store", "psc-store"),
          Map.entry("dev.psc.jvm", "psc-jvm"),
          Map.entry("dev.psc.agent", "psc-jvm-agent"),
          Map.entry("dev.psc.asyncprofiler", "psc-jvm-async-profiler"),
          Map.entry("dev.psc.opentelemetry", "psc-opentelemetry"),
          Map.entry("dev.psc.otlp", "psc-otlp"),
          Map.entry("dev.psc.spring", "psc-spring-boot-starter"),
          Map.entry("dev.psc.testkit", "psc-testkit"),
          Map.entry("dev.psc.scrape", "psc-scrape"),
          Map.entry("dev.psc.scrape.config", "psc-scrape-config"),
          Map.entry("dev.psc.scrape.kubernetes", "psc-scrape-kubernetes"),
          Map.entry("dev.psc.scrape.cloud", "psc-scrape-cloud"),
          Map.entry("dev.psc.scraper", "psc-scraper"));

  private static String artifactOf(String packageName) {
    String owner = packageName;
    while (!ARTIFACTS.containsKey(owner)) {
      int dot = owner.lastIndexOf('.');
      if (dot < 0) {
        throw new IllegalStateException("no artifact owns package " + packageName);
      }
      owner = owner.substring(0, dot);
    }
    return ARTIFACTS.getOrDefault(owner, owner);
  }

  @ArchTest
  static final ArchRule internalsStayInTheirArtifact =
      classes()
          .that()
          .resideInAPackage("dev.psc..")
          .should(
              new ArchCondition<JavaClass>("use only internal packages of the same artifact") {
                @Override
                public void check(JavaClass item, ConditionEvents events) {
                  String artifact = artifactOf(item.getPackageName());
                  for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
                    String target = dependency.getTargetClass().getPackageName();
                    if (target.matches("dev\\.psc\\..*\\binternal\\b.*")
                        && !artifactOf(target).equals(artifact)) {
                      events.add(SimpleConditionEvent.violated(item, dependency.getDescription()));
                    }
                  }
                }
              });

  @ArchTest
  static final ArchRule packagesHaveNoCircle =
      slices()
          .matching("dev.psc.(**)")
          .should()
          .beFreeOfCycles()
          .ignoreDependency(
              resideInAPackage("dev.psc.store.proto.."), resideInAPackage("dev.psc.store.proto.."));

  @ArchTest
  static final ArchRule onlyCaptureUsesTheFlightRecorder =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.psc.jvm.internal.capture..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.jfr..");

  @ArchTest
  static final ArchRule recordingsDoNotKnowCaptures =
      noClasses()
          .that()
          .resideInAPackage("dev.psc.jvm.internal.recording..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.psc.jvm.internal.capture..");

  @ArchTest
  static final ArchRule librariesDoNotPrint =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.psc.scraper..")
          .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
          .because("a library logs to slf4j");

  @ArchTest
  static final ArchRule libraryUsesSlf4jAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.psc.scraper..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.util.logging..");
}
