package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.machinery.object.Json;
import java.util.Map;

/** Objects that differ in their names only. */
final class NamedObjects {

    static final String NAME = "name-of-the-object";

    private final String before;
    private final String after;

    private NamedObjects(Object template) {
        String json = Json.MAPPER.writeValueAsString(template);
        int name = json.indexOf(NAME);
        before = json.substring(0, name);
        after = json.substring(name + NAME.length());
    }

    /** The JSON of the object of this name. */
    String json(String name) {
        return before + name + after;
    }

    /** Objects like this one, whose name is {@link #NAME}. */
    static NamedObjects of(Object template) {
        return new NamedObjects(template);
    }

    /** Pods of some 3 KB, as clusters are full of. */
    static NamedObjects pods() {
        ContainerBuilder container = new ContainerBuilder()
                .withName("main")
                .withImage("registry.example.com/shop/checkout:2026.11.1")
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("100m"), "memory", new Quantity("500Mi")))
                .withLimits(Map.of("memory", new Quantity("500Mi")))
                .endResources()
                .addNewPort()
                .withName("http")
                .withContainerPort(8080)
                .endPort();
        for (int i = 0; i < 20; i++) {
            container.addToEnv(new EnvVarBuilder()
                    .withName("CHECKOUT_SETTING_" + i)
                    .withValue("value-of-setting-" + i + "-for-every-pod-of-this-shop")
                    .build());
        }
        return new NamedObjects(new PodBuilder()
                .withNewMetadata()
                .withName(NAME)
                .withNamespace("default")
                .withLabels(Map.of("app", "checkout", "team", "shop", "pod-template-hash", "5d8f7c9b4"))
                .withAnnotations(Map.of("example.com/checksum", "sha256:" + "0123456789abcdef".repeat(4)))
                .endMetadata()
                .withNewSpec()
                .withContainers(container.build())
                .endSpec()
                .build());
    }

    /** Config maps of about this many bytes. */
    static NamedObjects configMaps(int bytes) {
        return new NamedObjects(new ConfigMapBuilder()
                .withNewMetadata()
                .withName(NAME)
                .withNamespace("default")
                .endMetadata()
                .addToData("text", "0123456789abcdef".repeat(bytes / 16))
                .build());
    }
}
