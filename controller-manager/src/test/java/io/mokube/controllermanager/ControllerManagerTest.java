package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.DeleteOptions.Propagation;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The controller manager against a real API server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ControllerManagerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private ApiServer server;
    private ApiClient client;
    private ControllerManager manager;
    private ResourceClient<ConfigMap> maps;
    private ResourceClient<Namespace> namespaces;

    @BeforeAll
    void start(@TempDir Path folder) {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        ClientConfig config = ClientConfig.fromKubeconfig(server.adminKubeconfig());
        client = new ApiClient(config, Platform.system());
        maps = client.resource(ConfigMap.class);
        namespaces = client.resource(Namespace.class);
        manager = new ControllerManager(ControllerManagerConfig.standard(config), Platform.system());
        manager.start();
        Await.until(
                PATIENCE,
                "it leads and is ready",
                () -> manager.isLeader() && manager.readiness().ready());
    }

    @AfterAll
    void stop() {
        manager.stop(Duration.ofSeconds(1));
        client.close();
        server.stop(Duration.ZERO);
    }

    @Test
    void backgroundDeletionTakesTheWholeChainAlong() {
        ConfigMap top = maps.create(map("bg-top"));
        ConfigMap middle = maps.create(map("bg-middle", owner(top, false)));
        maps.create(map("bg-bottom", owner(middle, false)));
        maps.delete(ObjectKeys.of(top), DeleteOptions.DEFAULT.withPropagation(Propagation.BACKGROUND));
        awaitGone("bg-top", "bg-middle", "bg-bottom");
    }

    @Test
    void anObjectWithALivingOwnerStaysAndLosesOnlyTheDeadOne() {
        ConfigMap one = maps.create(map("two-one"));
        ConfigMap two = maps.create(map("two-two"));
        maps.create(map("two-child", owner(one, false), owner(two, false)));
        maps.delete(ObjectKeys.of(one), DeleteOptions.DEFAULT.withPropagation(Propagation.BACKGROUND));
        Await.until(
                PATIENCE,
                "the reference is dropped",
                () -> ownersOf("two-child").equals(List.of("two-two")));
    }

    @Test
    void foregroundDeletionKeepsTheOwnerUntilTheBlockingDependentIsGone() {
        ConfigMap top = maps.create(map("fg-top"));
        ConfigMap child = map("fg-child", owner(top, true));
        child.getMetadata().setFinalizers(List.of("example.com/hold"));
        maps.create(child);
        maps.create(map("fg-free", owner(top, false)));
        maps.delete(ObjectKeys.of(top), DeleteOptions.DEFAULT.withPropagation(Propagation.FOREGROUND));
        Await.until(
                PATIENCE, "the child is being deleted", () -> get("fg-child").isMarkedForDeletion());
        awaitGone("fg-free");
        assertThat(get("fg-top").getFinalizers()).containsExactly("foregroundDeletion");

        ConfigMap held = get("fg-child");
        held.getMetadata().setFinalizers(List.of());
        maps.update(held);
        awaitGone("fg-child", "fg-top");
    }

    @Test
    void aCircleOfOwnersIsDeletedInTheForegroundToo() {
        ConfigMap a = maps.create(map("circle-a"));
        ConfigMap b = maps.create(map("circle-b", owner(a, true)));
        a.getMetadata().setOwnerReferences(List.of(owner(b, true)));
        maps.update(a);
        maps.delete(ObjectKeys.of(a), DeleteOptions.DEFAULT.withPropagation(Propagation.FOREGROUND));
        awaitGone("circle-a", "circle-b");
    }

    @Test
    void orphansLiveOnWithoutTheirOwner() {
        ConfigMap top = maps.create(map("or-top"));
        maps.create(map("or-child", owner(top, true)));
        maps.delete(ObjectKeys.of(top), DeleteOptions.DEFAULT.withPropagation(Propagation.ORPHAN));
        awaitGone("or-top");
        assertThat(ownersOf("or-child")).isEmpty();
    }

    @Test
    void whatWasBornToADeadOwnerGoesAndWhatHasAnUnknownKindForAnOwnerStays() {
        ConfigMap top = maps.create(map("late-top"));
        maps.delete(ObjectKeys.of(top), DeleteOptions.DEFAULT);
        OwnerReference unknown = new OwnerReferenceBuilder(owner(top, false))
                .withApiVersion("example.com/v1")
                .withKind("Thing")
                .build();
        maps.create(map("late-unknown", unknown));
        // Another UID under the owner's name is another object.
        maps.create(map("late-top"));
        maps.create(map("late-child", owner(top, false)));
        awaitGone("late-child");
        assertThat(maps.get("default", "late-unknown")).isPresent();
        assertThat(maps.get("default", "late-top")).isPresent();
    }

    @Test
    void everyNamespaceHasItsAccountAndCertificateAndIsEmptiedWhenDeleted() {
        namespaces.create(new NamespaceBuilder()
                .withNewMetadata()
                .withName("going")
                .endMetadata()
                .build());
        ResourceClient<ServiceAccount> accounts = client.resource(ServiceAccount.class);
        Await.until(
                PATIENCE,
                "the default account",
                () -> accounts.get("going", "default").isPresent());
        Await.until(
                PATIENCE,
                "the root certificate",
                () -> maps.get("going", "kube-root-ca.crt")
                        .map(map -> map.getData().getOrDefault("ca.crt", "").contains("BEGIN CERTIFICATE"))
                        .orElse(false));
        accounts.delete(new ObjectKey("going", "default"), DeleteOptions.DEFAULT);
        Await.until(
                PATIENCE,
                "the account again",
                () -> accounts.get("going", "default").isPresent());

        ConfigMap held = map("held");
        held.getMetadata().setNamespace("going");
        held.getMetadata().setFinalizers(List.of("example.com/hold"));
        maps.create(held);
        namespaces.delete(new ObjectKey("", "going"), DeleteOptions.DEFAULT);
        Await.passes(
                PATIENCE,
                () -> assertThat(namespaces
                                .get("", "going")
                                .orElseThrow()
                                .getStatus()
                                .getConditions())
                        .filteredOn(condition -> condition.getStatus().equals("True"))
                        .extracting(NamespaceCondition::getMessage)
                        .containsExactly(
                                "Some resources are remaining: configmaps. has 1 resource instances",
                                "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"));
        ConfigMap last = maps.get("going", "held").orElseThrow();
        last.getMetadata().setFinalizers(List.of());
        maps.update(last);
        Await.until(
                PATIENCE,
                "the namespace is gone",
                () -> namespaces.get("", "going").isEmpty());
    }

    private ConfigMap get(String name) {
        return maps.get("default", name).orElseThrow(() -> new AssertionError(name + " is gone"));
    }

    private List<String> ownersOf(String name) {
        List<String> owners = new ArrayList<>();
        get(name).getMetadata().getOwnerReferences().forEach(owner -> owners.add(owner.getName()));
        return owners;
    }

    private void awaitGone(String... names) {
        for (String name : names) {
            Await.until(
                    PATIENCE, name + " is gone", () -> maps.get("default", name).isEmpty());
        }
    }

    private static ConfigMap map(String name, OwnerReference... owners) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withOwnerReferences(owners)
                .endMetadata()
                .build();
    }

    private static OwnerReference owner(ConfigMap owner, boolean blocks) {
        return new OwnerReferenceBuilder()
                .withApiVersion("v1")
                .withKind("ConfigMap")
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withBlockOwnerDeletion(blocks)
                .build();
    }
}
