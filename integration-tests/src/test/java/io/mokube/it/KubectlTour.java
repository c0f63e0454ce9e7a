package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;

/** One walk through the commands; golden files are shared by the versions unless one prints something else. */
record KubectlTour(Kubectl kubectl, TestCluster cluster) {

    void run() {
        check("get-nodes-" + cluster.nodes().size(), ok("get", "nodes"));
        check("create-namespace", ok("create", "namespace", namespace()));
        check("create-deployment", ok("create", "deployment", "web", "--image=mokube/demo:1", "--replicas=3"));
        ok("rollout", "status", "deployment/web", "--timeout=90s");
        check("rollout-status", ok("rollout", "status", "deployment/web"));
        check("get-pods", ok("get", "pods"));
        check("get-pods-wide", ok("get", "pods", "-o", "wide"));
        check("get-all", ok("get", "deployments,replicasets"));
        check("get-deployment-wide", ok("get", "deployment", "web", "-o", "wide"));
        check("logs", ok("logs", "deployment/web"));
        check("scale", ok("scale", "deployment/web", "--replicas=5"));
        ok("rollout", "status", "deployment/web", "--timeout=90s");
        check("get-deployment-scaled", ok("get", "deployment", "web"));
        check("set-image", ok("set", "image", "deployment/web", "demo=mokube/demo:2"));
        ok("rollout", "status", "deployment/web", "--timeout=120s");
        check("rollout-history", ok("rollout", "history", "deployment/web"));
        check("rollout-undo", ok("rollout", "undo", "deployment/web"));
        ok("rollout", "status", "deployment/web", "--timeout=120s");
        check("get-image", ok("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"));
        assertThat(ok("describe", "deployment", "web"))
                .containsPattern(
                        "Normal +ScalingReplicaSet +\\S+ +deployment-controller +Scaled up replica set web-\\w+"
                                + " from 0 to 3\n");
        check("delete", ok("delete", "deployment", "web"));
        Await.passes(() -> assertThat(ok("get", "pods", "--no-headers")).isEmpty());
        check(
                "get-nothing",
                kubectl.run(cluster.kubeconfig(), "-n", namespace(), "get", "deployment", "web")
                        .errors());
        check("delete-namespace", ok("delete", "namespace", namespace()));
    }

    private String namespace() {
        return "tour-" + kubectl.version().replace('.', '-');
    }

    private String ok(String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "-n";
        all[1] = namespace();
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return kubectl.ok(cluster.kubeconfig(), all);
    }

    private void check(String step, String output) {
        Golden.check(step + ".txt", output.replace(namespace(), "NAMESPACE"));
    }
}
