package io.mokube.apiserver.resources.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionPlugins;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceStrategy;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The explicit lists are complete: a class nobody lists would be dead code that looks alive. */
class StrategyListTest {

    private static Set<String> classes(String packageName, Class<?> type) {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(packageName).stream()
                        .filter(each -> each.isAssignableTo(type))
                        .filter(Predicate.not(each ->
                                each.isInterface() || each.getModifiers().contains(JavaModifier.ABSTRACT)))
                        .map(JavaClass::getSimpleName)
                        .collect(Collectors.toSet());
    }

    @Test
    void everyStrategyBelongsToAResource() {
        Set<String> used = ResourceRegistry.ofBuiltIns().all().stream()
                .map(ResourceDefinition::strategy)
                .map(each -> each.getClass().getSimpleName())
                .collect(Collectors.toSet());
        assertThat(used).containsAll(classes("io.mokube.apiserver.resources.strategy", ResourceStrategy.class));
    }

    @Test
    void everyPluginIsListed() {
        Set<String> calls = new ClassFileImporter()
                        .importClasses(AdmissionPlugins.class)
                        .get(AdmissionPlugins.class)
                        .getConstructorCallsFromSelf()
                        .stream()
                        .map(call -> call.getTargetOwner().getSimpleName())
                        .collect(Collectors.toSet());
        assertThat(calls).containsAll(classes("io.mokube.apiserver.admission.plugins", AdmissionPlugin.class));
    }
}
