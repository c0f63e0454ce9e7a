package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Applying with the oldest and newer kubectl: on either side, from one to the other, with conflicts and diffs. */
class KubectlApplyTest {

    @TempDir
    static Path folder;

    private static ApiServer server;

    @BeforeAll
    static void start() {
        server = new ApiServer(ApiServerConfig.inMemory(folder.resolve("data")), Platform.system());
        server.start();
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ofSeconds(5));
    }

    /** One version of kubectl and a file to apply. */
    private record Session(Kubectl kubectl, Path file) {

        static Session of(String version, String name) {
            Map<String, Kubectl> found = Kubectl.found();
            Kubectl kubectl = found.get(version);
            Needs.part("kubectl " + version, kubectl != null);
            return new Session(Objects.requireNonNull(kubectl), folder.resolve(name + "-" + version + ".yaml"));
        }

        String ok(String manifest, String... arguments) {
            return run(manifest, arguments).orFail();
        }

        Commands.Result run(String manifest, String... arguments) {
            try {
                Files.writeString(file, manifest);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            String[] command = java.util.Arrays.copyOf(arguments, arguments.length + 2);
            command[arguments.length] = "-f";
            command[arguments.length + 1] = file.toString();
            return kubectl.run(server.adminKubeconfig(), command);
        }

        String get(String... arguments) {
            return kubectl.ok(server.adminKubeconfig(), arguments);
        }
    }

    private static String map(String name, String data) {
        return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\ndata:\n" + data;
    }

    private static String deployment(String name, int replicas, String image) {
        return """
                apiVersion: apps/v1
                kind: Deployment
                metadata:
                  name: %1$s
                  labels: {app: %1$s}
                spec:
                  replicas: %2$d
                  selector: {matchLabels: {app: %1$s}}
                  template:
                    metadata: {labels: {app: %1$s}}
                    spec:
                      containers:
                      - {name: main, image: "%3$s", env: [{name: A, value: "1"}]}
                """.formatted(name, replicas, image);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.27", "1.33"})
    void serverSideWithConflicts(String version) {
        Session session = Session.of(version, "conflicts");
        String name = "conflicts-" + version.replace('.', '-');
        assertThat(session.ok(map(name, "  a: one\n"), "apply", "--server-side"))
                .isEqualTo("configmap/" + name + " serverside-applied\n");
        Commands.Result conflict =
                session.run(map(name, "  a: two\n"), "apply", "--server-side", "--field-manager=other");
        assertThat(conflict.code()).isEqualTo(1);
        assertThat(conflict.errors())
                .startsWith("error: Apply failed with 1 conflict: conflict with \"kubectl\": .data.a\n")
                .contains("Please review the fields above--they currently have other managers.");
        session.ok(map(name, "  a: two\n"), "apply", "--server-side", "--field-manager=other", "--force-conflicts");
        assertThat(session.get(
                        "get", "configmap", name, "-o", "jsonpath={.data.a} {.metadata.managedFields[*].manager}"))
                .isEqualTo("two other");
        assertThat(session.get("get", "configmap", name, "-o", "yaml")).doesNotContain("managedFields");
        assertThat(session.get("get", "configmap", name, "-o", "yaml", "--show-managed-fields"))
                .contains("        f:a: {}\n    manager: other\n    operation: Apply\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.27", "1.33"})
    void diffsOnEitherSide(String version) {
        Session session = Session.of(version, "diffs");
        String name = "diffs-" + version.replace('.', '-');
        session.ok(deployment(name, 1, "image:1"), "apply");
        assertThat(session.run(deployment(name, 1, "image:1"), "diff").code()).isZero();
        for (String side : new String[] {"--server-side=false", "--server-side=true"}) {
            Commands.Result diff = session.run(
                    deployment(name, 3, "image:2"), "diff", side, "--force-conflicts=" + side.endsWith("true"));
            assertThat(diff.code()).as(diff.errors()).isEqualTo(1);
            assertThat(diff.output()).contains("-  replicas: 1", "+  replicas: 3", "image: image:1", "image: image:2");
        }
        assertThat(session.get("get", "deployment", name, "-o", "jsonpath={.spec.replicas}"))
                .isEqualTo("1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.27", "1.33"})
    void fromTheClientsSideToTheServers(String version) {
        Session session = Session.of(version, "sides");
        String name = "sides-" + version.replace('.', '-');
        session.ok(deployment(name, 2, "image:1"), "apply");
        assertThat(session.ok(deployment(name, 2, "image:1"), "apply"))
                .isEqualTo("deployment.apps/" + name + " unchanged\n");
        assertThat(managers(session, name)).isEqualTo("kubectl-client-side-apply/Update");
        session.ok(deployment(name, 2, "image:2"), "apply", "--server-side");
        // kubectl keeps the annotation under a name of its own.
        assertThat(managers(session, name).split(" "))
                .containsExactlyInAnyOrder("kubectl/Apply", "kubectl-last-applied/Apply");
        assertThat(session.get("get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[0].image}"))
                .isEqualTo("image:2");
        // What the manifest does not say any more is gone, and the annotation knows it.
        String less = deployment(name, 2, "image:2").replace(", env: [{name: A, value: \"1\"}]", "");
        session.ok(less, "apply", "--server-side");
        assertThat(session.get("get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[0].env}"))
                .isEmpty();
        assertThat(session.get("apply", "view-last-applied", "deployment", name))
                .contains("image: image:2")
                .doesNotContain("env:");
        // And back: the client's side goes on from the annotation.
        session.ok(deployment(name, 5, "image:2"), "apply");
        assertThat(session.get("get", "deployment", name, "-o", "jsonpath={.spec.replicas}"))
                .isEqualTo("5");
    }

    @Test
    void otherCommandsOwnWhatTheyChange() {
        String version = "1.33";
        Session session = Session.of(version, "others");
        String name = "others-" + version.replace('.', '-');
        session.ok(deployment(name, 1, "image:1"), "create");
        session.get("label", "deployment", name, "tier=web");
        session.get("scale", "deployment", name, "--replicas=4");
        session.get("set", "image", "deployment/" + name, "main=image:3");
        assertThat(managers(session, name).split(" "))
                .containsExactlyInAnyOrder(
                        "kubectl-create/Update", "kubectl-label/Update", "kubectl.1.33/Update", "kubectl-set/Update");
        Commands.Result conflict = session.run(deployment(name, 1, "image:1"), "apply", "--server-side");
        assertThat(conflict.errors())
                .contains("conflicts with \"kubectl.1.33\" with subresource \"scale\" using apps/v1:\n- .spec.replicas")
                .contains("conflicts with \"kubectl-set\" using apps/v1:\n"
                        + "- .spec.template.spec.containers[name=\"main\"].image");
    }

    private static String managers(Session session, String name) {
        return session.get(
                        "get",
                        "deployment",
                        name,
                        "-o",
                        "jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation} {end}")
                .strip();
    }
}
