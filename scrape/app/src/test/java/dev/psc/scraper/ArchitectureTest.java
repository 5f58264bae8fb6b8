package dev.psc.scraper;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;

/** The arrows between modules, as the README draws them: an arrow only points as drawn. */
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

  private static final String PPROF = "dev.psc.pprof..";
  private static final String DELIVERY = "dev.psc.delivery..";
  private static final String NET = "dev.psc.net..";
  private static final String AUTH = "dev.psc.auth";
  private static final String IAM = "dev.psc.auth.iam..";
  private static final String STORE = "dev.psc.store..";
  private static final String JVM = "dev.psc.jvm..";
  private static final String TESTKIT = "dev.psc.testkit..";
  private static final String CONFIG = "dev.psc.scrape.config..";
  private static final String KUBERNETES = "dev.psc.scrape.kubernetes..";
  private static final String SCRAPE = "dev.psc.scrape..";

  /** The engine: every package below {@code dev.psc.scrape} that is not another module's. */
  private static final DescribedPredicate<JavaClass> ENGINE =
      resideInAPackage(SCRAPE)
          .and(DescribedPredicate.not(resideInAnyPackage(CONFIG, KUBERNETES)))
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
                .as("modules of ours other than " + String.join(", ", all)));
  }

  @ArchTest static final ArchRule pprofStandsAlone = onlyDependsOn(PPROF);

  @ArchTest static final ArchRule deliveryKnowsPprof = onlyDependsOn(DELIVERY, PPROF);

  @ArchTest static final ArchRule netStandsAlone = onlyDependsOn(NET);

  @ArchTest static final ArchRule authKnowsNet = onlyDependsOn(AUTH, NET);

  @ArchTest static final ArchRule iamKnowsAuth = onlyDependsOn(IAM, AUTH, NET);

  @ArchTest
  static final ArchRule storeKnowsDeliveryAndAuth =
      onlyDependsOn(STORE, DELIVERY, AUTH, NET, PPROF);

  @ArchTest
  static final ArchRule onlyTheTestkitKnowsIam =
      noClasses()
          .that()
          .resideInAnyPackage(AUTH, STORE, SCRAPE, JVM, DELIVERY, "dev.psc.scraper..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(IAM);

  @ArchTest static final ArchRule jvmKnowsDelivery = onlyDependsOn(JVM, DELIVERY, PPROF);

  @ArchTest
  static final ArchRule engineKnowsDelivery =
      noClasses()
          .that(ENGINE)
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.psc..")
                  .and(DescribedPredicate.not(ENGINE.or(resideInAnyPackage(DELIVERY, NET, PPROF))))
                  .as("modules of ours other than engine, delivery, net, pprof"));

  @ArchTest
  static final ArchRule configKnowsTheEngine =
      noClasses()
          .that()
          .resideInAPackage(CONFIG)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(KUBERNETES, AUTH, IAM, STORE, JVM, TESTKIT);

  @ArchTest
  static final ArchRule kubernetesKnowsTheEngine =
      noClasses()
          .that()
          .resideInAPackage(KUBERNETES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CONFIG, AUTH, IAM, STORE, JVM, TESTKIT);

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
        .resideInAnyPackage(module, "java..", "javax.net.ssl..", "org.jspecify..");
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
          .resideInAnyPackage(PPROF, DELIVERY, JVM, SCRAPE, NET)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "com.google.protobuf..");

  @ArchTest
  static final ArchRule internalsStayInTheirArtifact =
      noClasses()
          .that()
          .resideOutsideOfPackage("..internal..")
          .and()
          .resideInAPackage("dev.psc.scraper..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.psc..internal..");

  @ArchTest
  static final ArchRule librariesDoNotPrint =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.psc.scraper..")
          .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
          .because("a library speaks through slf4j");

  @ArchTest
  static final ArchRule libraryUsesSlf4jAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.psc.scraper..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.util.logging..");
}
