package io.mokube.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of the house: which room may know which. */
class ArchitectureTest {

    private static final List<String> COMPONENTS =
            List.of("apiserver", "scheduler", "controllermanager", "kubelet", "proxy", "dns");

    /** Rooms whose decisions are pure functions. */
    private static final String[] PURE = {
        "io.mokube.kubelet.eviction..",
        "io.mokube.kubelet.lifecycle..",
        "io.mokube.kubelet.resources..",
        "io.mokube.proxy.compile..",
        "io.mokube.scheduler.snapshot..",
        "io.mokube.scheduler.framework..",
        "io.mokube.scheduler.plugins..",
        "io.mokube.dns.zone..",
        "io.mokube.dns.answer..",
        "io.mokube.scheduler.volumes..",
        "io.mokube.scheduler.devices..",
    };

    private static JavaClasses production;

    @BeforeAll
    static void readClasses() {
        production = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.mokube");
    }

    @TestFactory
    Stream<DynamicTest> componentsMeetOverRestOnly() {
        return COMPONENTS.stream()
                .map(component -> DynamicTest.dynamicTest(component, () -> {
                    String[] others = COMPONENTS.stream()
                            .filter(each -> !each.equals(component))
                            .map(each -> "io.mokube." + each + "..")
                            .toArray(String[]::new);
                    check(noClasses()
                            .that()
                            .resideInAPackage("io.mokube." + component + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage(others));
                }));
    }

    @Test
    void theApiServerDoesNotKnowTheClient() {
        check(noClasses()
                .that()
                .resideInAPackage("io.mokube.apiserver..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.mokube.client.."));
    }

    @Test
    void valuesKnowNobody() {
        check(noClasses()
                .that()
                .resideInAPackage("io.mokube.machinery..")
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are another room's",
                        (JavaClass each) -> each.getPackageName().startsWith("io.mokube.")
                                && !each.getPackageName().startsWith("io.mokube.machinery"))));
    }

    @Test
    void theStoreKnowsNoKubernetesWord() {
        check(noClasses()
                .that()
                .resideInAPackage("io.mokube.apiserver.storage..")
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are the API server's but not the store's, or objects",
                        (JavaClass each) -> (each.getPackageName().startsWith("io.mokube.apiserver.")
                                        && !each.getPackageName().startsWith("io.mokube.apiserver.storage"))
                                || each.getPackageName().startsWith("io.mokube.machinery.object"))));
    }

    @Test
    void springStaysInAppPackages() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.mokube.*.app..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.."));
    }

    @Test
    void pureRoomsTouchNoClockNoInputAndNoThread() {
        check(noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.mokube.machinery.time..",
                        "io.mokube.machinery.component..",
                        "io.mokube.client..",
                        "org.slf4j..",
                        "io.micrometer..",
                        "java.io..",
                        "java.net..",
                        "java.nio..",
                        "java.util.concurrent..")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime"));
    }

    @Test
    void onlyTheClockAsksForTheTime() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.mokube.machinery.time..", "io.mokube.standalone.command..", "io.mokube.testkit..")
                .and()
                .resideOutsideOfPackage("io.mokube.benchmarks..")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", Duration.class));
    }

    @Test
    void everyPackageIsNullMarked() {
        check(classes()
                .that()
                .haveSimpleName("package-info")
                .and()
                .resideInAPackage("io.mokube..")
                .should()
                .beAnnotatedWith(NullMarked.class));
    }

    private static void check(ArchRule rule) {
        rule.check(production);
    }
}
