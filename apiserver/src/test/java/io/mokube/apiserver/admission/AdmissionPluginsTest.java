package io.mokube.apiserver.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.AuthorizerChain;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.validation.WritePath;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class AdmissionPluginsTest {

    private static final ResourceDefinition PODS = WritePath.resource("", "pods");
    private static final ResourceDefinition NAMESPACES = WritePath.resource("", "namespaces");
    private static final String POD =
            "{'metadata':{'name':'x','namespace':'default'},'spec':{'containers':" + "[{'name':'c','image':'i'}]}}";

    private final MemoryCluster cluster = new MemoryCluster()
            .with("", "namespaces", "{'metadata':{'name':'default'},'status':{'phase':'Active'}}")
            .with("", "namespaces", "{'metadata':{'name':'gone'},'status':{'phase':'Terminating'}}")
            .with("", "serviceaccounts", "{'metadata':{'name':'default','namespace':'default'}}")
            .with(
                    "",
                    "serviceaccounts",
                    "{'metadata':{'name':'quiet','namespace':'default'},'automountServiceAccountToken':false,"
                            + "'imagePullSecrets':[{'name':'pull'}]}")
            .with(
                    "scheduling.k8s.io",
                    "priorityclasses",
                    "{'metadata':{'name':'high'},'value':1000,'preemptionPolicy':'Never'}");

    private final AdmissionChain chain =
            AdmissionPlugins.standard(cluster, new AuthorizerChain(List.of(), () -> false), new Random(1));

    private static AdmissionRequest request(
            Operation operation,
            ResourceDefinition resource,
            String namespace,
            String name,
            @Nullable KubeObject object) {
        return new AdmissionRequest(
                operation, resource, "", namespace, name, object, null, new User("u", List.of()), false, warning -> {});
    }

    private KubeObject admit(String text) {
        KubeObject pod = WritePath.defaulted(PODS, text);
        AdmissionRequest request = request(Operation.CREATE, PODS, pod.namespace(), pod.name(), pod);
        chain.mutate(request);
        PODS.strategy().prepareForCreate(pod);
        chain.validate(request);
        return pod;
    }

    private ApiException refused(String text) {
        return Objects.requireNonNull(catchThrowableOfType(ApiException.class, () -> admit(text)));
    }

    private static JsonNode tree(String text) {
        return Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    @Test
    void podsGetAnAccountATokenTolerationsAndAPriority() {
        KubeObject pod = admit(POD);
        String volume = pod.at("spec", "volumes").path(0).path("name").asString();
        assertThat(volume).matches("kube-api-access-[a-z0-9]{5}");
        assertThat(pod.at("spec", "volumes"))
                .isEqualTo(tree("[{'name':'" + volume + "','projected':{'sources':[{'serviceAccountToken':"
                        + "{'expirationSeconds':3607,'path':'token'}},{'configMap':{'name':'kube-root-ca.crt','items':"
                        + "[{'key':'ca.crt','path':'ca.crt'}]}},{'downwardAPI':{'items':[{'path':'namespace','fieldRef':"
                        + "{'apiVersion':'v1','fieldPath':'metadata.namespace'}}]}}],'defaultMode':420}}]"));
        assertThat(pod.at("spec", "containers").path(0).path("volumeMounts"))
                .isEqualTo(tree("[{'name':'" + volume + "','readOnly':true,'mountPath':"
                        + "'/var/run/secrets/kubernetes.io/serviceaccount'}]"));
        assertThat(pod.at("spec", "serviceAccountName").asString()).isEqualTo("default");
        assertThat(pod.at("spec", "serviceAccount").asString()).isEqualTo("default");
        assertThat(pod.at("spec", "priority").asInt()).isZero();
        assertThat(pod.at("spec", "preemptionPolicy").asString()).isEqualTo("PreemptLowerPriority");
        assertThat(pod.at("spec", "tolerations"))
                .isEqualTo(tree("[{'key':'node.kubernetes.io/not-ready','operator':'Exists','effect':'NoExecute',"
                        + "'tolerationSeconds':300},{'key':'node.kubernetes.io/unreachable','operator':'Exists',"
                        + "'effect':'NoExecute','tolerationSeconds':300}]"));
    }

    @Test
    void accountsAndPodsMayDecline() {
        KubeObject quiet = admit(POD.replace("'spec':{", "'spec':{'serviceAccountName':'quiet',"));
        assertThat(quiet.at("spec").has("volumes")).isFalse();
        assertThat(quiet.at("spec", "imagePullSecrets")).isEqualTo(tree("[{'name':'pull'}]"));
        KubeObject own = admit(POD.replace("'spec':{", "'spec':{'automountServiceAccountToken':false,"));
        assertThat(own.at("spec").has("volumes")).isFalse();
        KubeObject tolerant = admit(POD.replace("'spec':{", "'spec':{'tolerations':[{'operator':'Exists'}],"));
        assertThat(tolerant.at("spec", "tolerations")).hasSize(1);
    }

    @Test
    void priorityClasses() {
        KubeObject pod = admit(POD.replace("'spec':{", "'spec':{'priorityClassName':'high',"));
        assertThat(pod.at("spec", "priority").asInt()).isEqualTo(1000);
        assertThat(pod.at("spec", "preemptionPolicy").asString()).isEqualTo("Never");
        assertThat(refused(POD.replace("'spec':{", "'spec':{'priorityClassName':'none',"))
                        .status()
                        .message())
                .isEqualTo("pods \"x\" is forbidden: no PriorityClass with name none was found");
        assertThat(refused(POD.replace("'spec':{", "'spec':{'priority':7,"))
                        .status()
                        .message())
                .isEqualTo(
                        "pods \"x\" is forbidden: the integer value of priority (7) must not be provided in pod spec;"
                                + " priority admission controller computed 0 from the given PriorityClass name");
    }

    @Test
    void missingAccount() {
        assertThat(refused(POD.replace("'spec':{", "'spec':{'serviceAccountName':'nobody',"))
                        .status()
                        .message())
                .isEqualTo("pods \"x\" is forbidden: error looking up service account default/nobody: serviceaccount"
                        + " \"nobody\" not found");
    }

    @Test
    void missingAndTerminatingNamespaces() {
        ApiException missing = refused(POD.replace("'default'", "'nowhere'"));
        assertThat(missing.code()).isEqualTo(404);
        assertThat(missing.status().message()).isEqualTo("namespaces \"nowhere\" not found");
        ApiException terminating = refused(POD.replace("'default'", "'gone'"));
        assertThat(terminating.code()).isEqualTo(403);
        assertThat(terminating.status().message())
                .isEqualTo("pods \"x\" is forbidden: unable to create new content in namespace gone because it is being"
                        + " terminated");
        assertThat(Objects.requireNonNull(terminating.status().details()).causes())
                .containsExactly(new Status.Cause(
                        "NamespaceTerminating", "namespace gone is being terminated", "metadata.namespace"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "kube-system", "kube-public"})
    void protectedNamespaces(String name) {
        ApiException refusal = Objects.requireNonNull(catchThrowableOfType(
                ApiException.class, () -> chain.validate(request(Operation.DELETE, NAMESPACES, "", name, null))));
        assertThat(refusal.code()).isEqualTo(403);
        assertThat(refusal.status().message())
                .isEqualTo("namespaces \"" + name + "\" is forbidden: this namespace may not be deleted");
    }

    @Test
    void limitRangesFillInAndBound() {
        cluster.with(
                "",
                "limitranges",
                "{'metadata':{'name':'l','namespace':'default'},'spec':{'limits':[{'type':'Container',"
                        + "'default':{'cpu':'1'},'defaultRequest':{'cpu':'500m'},'max':{'cpu':'2'}}]}}");
        KubeObject filled = admit(POD);
        assertThat(filled.at("spec", "containers").path(0).path("resources"))
                .isEqualTo(tree("{'limits':{'cpu':'1'},'requests':{'cpu':'500m'}}"));
        assertThat(filled.annotations())
                .containsEntry(
                        "kubernetes.io/limit-ranger",
                        "LimitRanger plugin set: cpu request for container c; cpu limit for container c");
        assertThat(refused(POD.replace("'image':'i'", "'image':'i','resources':{'limits':{'cpu':'3'}}"))
                        .status()
                        .message())
                .isEqualTo("pods \"x\" is forbidden: maximum cpu usage per Container is 2, but limit is 3");
    }
}
