package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Pods stay five minutes on a node that is not ready or unreachable, unless they say otherwise. */
public final class DefaultTolerationSeconds implements AdmissionPlugin {

    private static final int SECONDS = 300;
    private static final List<String> TAINTS =
            List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable");

    @Override
    public String name() {
        return "DefaultTolerationSeconds";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod == null || !request.isFor("", "pods") || !(pod.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        for (String taint : TAINTS) {
            if (!tolerates(spec.path("tolerations"), taint)) {
                ArrayNode tolerations = spec.withArrayProperty("tolerations");
                tolerations
                        .addObject()
                        .put("key", taint)
                        .put("operator", "Exists")
                        .put("effect", "NoExecute")
                        .put("tolerationSeconds", SECONDS);
            }
        }
    }

    private static boolean tolerates(JsonNode tolerations, String taint) {
        for (JsonNode toleration : tolerations) {
            String key = toleration.path("key").asString("");
            String effect = toleration.path("effect").asString("");
            if ((key.isEmpty() || key.equals(taint)) && (effect.isEmpty() || effect.equals("NoExecute"))) {
                return true;
            }
        }
        return false;
    }
}
