package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.StoreConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Custom resources as users of kubectl see them, from the definition to its end. */
class CustomResourceKubectlTest {

    private static final String DEFINITION = """
            kind: CustomResourceDefinition
            apiVersion: apiextensions.k8s.io/v1
            metadata: {name: boats.sea.example.com}
            spec:
              group: sea.example.com
              scope: Namespaced
              names: {plural: boats, kind: Boat, shortNames: [bt], categories: [fleet]}
              versions:
              - name: v1alpha1
                served: true
                storage: false
                schema:
                  openAPIV3Schema:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
              - name: v1
                served: true
                storage: true
                schema:
                  openAPIV3Schema:
                    description: Something that swims.
                    type: object
                    properties:
                      spec:
                        type: object
                        description: What the boat shall be.
                        required: [sails]
                        properties:
                          sails: {type: integer, description: How many sails it has., minimum: 0}
                          masts: {type: integer, default: 1}
                          name: {type: string}
                        x-kubernetes-validations:
                        - {rule: "self.sails <= 4 * self.masts", message: "a mast carries four sails"}
                      status:
                        type: object
                        properties: {sails: {type: integer}, harbour: {type: string}}
                subresources:
                  status: {}
                  scale: {specReplicasPath: .spec.sails, statusReplicasPath: .status.sails}
                additionalPrinterColumns:
                - {name: Sails, type: integer, jsonPath: .spec.sails}
                - {name: Masts, type: integer, jsonPath: .spec.masts, priority: 1}
                - {name: Harbour, type: string, jsonPath: .status.harbour}
            """;

    @TempDir
    Path folder;

    private static ApiServer start(Path folder) {
        ApiServer server = new ApiServer(
                new ApiServerConfig(
                        "127.0.0.1",
                        0,
                        folder,
                        new StoreConfig.Embedded(folder.resolve("store")),
                        null,
                        List.of(),
                        List.of(),
                        ApiServerConfig.DEFAULT_SERVICE_CIDR,
                        null,
                        OptionalInt.empty()),
                Platform.system());
        server.start();
        return server;
    }

    @TestFactory
    Stream<DynamicTest> livesAndEnds() {
        Map<String, Kubectl> found = Kubectl.found();
        return Stream.of("1.27", "1.33")
                .map(version -> DynamicTest.dynamicTest("kubectl " + version, () -> {
                    Kubectl kubectl = found.get(version);
                    Needs.part("kubectl " + version, kubectl != null);
                    Path own = Files.createDirectory(folder.resolve(version));
                    ApiServer fresh = start(own);
                    try {
                        new Tour(Objects.requireNonNull(kubectl), fresh.adminKubeconfig(), own).run();
                    } finally {
                        fresh.stop(Duration.ofSeconds(5));
                    }
                }));
    }

    @Test
    void isServedAgainAfterARestart() throws IOException {
        Kubectl kubectl = Kubectl.any();
        ApiServer server = start(folder);
        Tour tour = new Tour(kubectl, server.adminKubeconfig(), folder);
        tour.define();
        tour.apply("a", "{sails: 2}").orFail();
        server.stop(Duration.ofSeconds(5));
        server = start(folder);
        // The first request after the start finds it.
        assertThat(kubectl.ok(server.adminKubeconfig(), "get", "bt", "a", "-o", "jsonpath={.spec}"))
                .isEqualTo("{\"masts\":1,\"sails\":2}");
        server.stop(Duration.ofSeconds(5));
    }

    /** What one version of kubectl is used for, in order. */
    private record Tour(Kubectl kubectl, Path kubeconfig, Path folder) {

        private String ok(String... arguments) {
            return kubectl.ok(kubeconfig, arguments);
        }

        private Commands.Result apply(String name, String spec) throws IOException {
            return apply("v1", name, spec);
        }

        private Commands.Result apply(String version, String name, String spec) throws IOException {
            Path file = Files.createTempFile(folder, "boat", ".yaml");
            Files.writeString(
                    file,
                    "apiVersion: sea.example.com/" + version + "\nkind: Boat\nmetadata: {name: " + name + "}\nspec: "
                            + spec + "\n");
            return kubectl.run(kubeconfig, "apply", "-f", file.toString());
        }

        private void define() throws IOException {
            Path file = Files.createTempFile(folder, "definition", ".yaml");
            Files.writeString(file, DEFINITION);
            assertThat(ok("apply", "-f", file.toString()))
                    .isEqualTo("customresourcedefinition.apiextensions.k8s.io/boats.sea.example.com created\n");
            assertThat(ok("wait", "--for", "condition=established", "--timeout=20s", "crd/boats.sea.example.com"))
                    .isEqualTo("customresourcedefinition.apiextensions.k8s.io/boats.sea.example.com condition met\n");
        }

        void run() throws IOException {
            define();
            assertThat(ok("api-resources", "--api-group=sea.example.com", "--no-headers"))
                    .containsPattern("boats +bt +sea.example.com/v1 +true +Boat");
            assertThat(ok("get", "boats")).isEmpty();
            assertThat(apply("santa", "{sails: 3}").orFail()).isEqualTo("boat.sea.example.com/santa created\n");
            assertThat(apply("santa", "{sails: 3}").orFail()).isEqualTo("boat.sea.example.com/santa unchanged\n");
            assertThat(apply("santa", "{sails: 4}").orFail()).isEqualTo("boat.sea.example.com/santa configured\n");
            assertThat(apply("pinta", "{sails: 5}").errors())
                    .contains(
                            "The Boat \"pinta\" is invalid: spec: Invalid value: \"object\": a mast carries four sails");
            assertThat(apply("pinta", "{sails: many}").errors()).contains("spec.sails in body must be of type integer");
            assertThat(apply("pinta", "{sails: 1, anchors: 2}").errors()).contains("unknown field \"spec.anchors\"");
            assertThat(apply("v1alpha1", "nina", "{sails: 2, anchors: 2}").orFail())
                    .isEqualTo("boat.sea.example.com/nina created\n");
            // What only the other version knows is kept for it.
            assertThat(ok("get", "boats.v1alpha1.sea.example.com", "nina", "-o", "jsonpath={.spec.anchors}"))
                    .isEqualTo("2");
            assertThat(ok("get", "boat", "nina", "-o", "jsonpath={.spec}")).isEqualTo("{\"masts\":1,\"sails\":2}");
            assertThat(ok(
                            "patch",
                            "boat",
                            "santa",
                            "--subresource=status",
                            "--type=merge",
                            "-p",
                            "{\"status\":{\"harbour\":\"Palos\"}}"))
                    .isEqualTo("boat.sea.example.com/santa patched\n");
            assertThat(ok("get", "fleet", "-o", "wide").replaceAll(" +\n", "\n"))
                    .isEqualTo("""
                            NAME    SAILS   MASTS   HARBOUR
                            nina    2       1
                            santa   4       1       Palos
                            """);
            assertThat(ok("scale", "boat/santa", "--replicas=1")).isEqualTo("boat.sea.example.com/santa scaled\n");
            assertThat(ok("get", "bt/santa", "-o", "jsonpath={.spec.sails} {.metadata.generation}"))
                    .isEqualTo("1 3");
            assertThat(ok("label", "boat", "santa", "kind=ship")).isEqualTo("boat.sea.example.com/santa labeled\n");
            assertThat(ok("explain", "boat.spec.sails"))
                    .contains("How many sails it has.")
                    .contains("<integer>");
            assertThat(ok("explain", "boat")).contains("Something that swims.").contains("GROUP:      sea.example.com");
            assertThat(ok("describe", "boat", "santa")).contains("Harbour:  Palos");
            assertThat(ok("apply", "--server-side", "-f", serverSide())).contains("serverside-applied");
            assertThat(ok("delete", "crd", "boats.sea.example.com"))
                    .isEqualTo("customresourcedefinition.apiextensions.k8s.io \"boats.sea.example.com\" deleted\n");
            assertThat(kubectl.run(kubeconfig, "get", "boats.sea.example.com").errors())
                    .contains("the server doesn't have a resource type \"boats\"");
        }

        private String serverSide() throws IOException {
            Path file = Files.createTempFile(folder, "applied", ".yaml");
            Files.writeString(
                    file, "apiVersion: sea.example.com/v1\nkind: Boat\nmetadata: {name: victoria}\nspec: {sails: 3}\n");
            return file.toString();
        }
    }
}
