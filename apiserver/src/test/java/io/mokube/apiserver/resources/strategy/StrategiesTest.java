package io.mokube.apiserver.resources.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.validation.WritePath;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is stored for what was sent, and what stays of a change. */
class StrategiesTest {

    private static final ResourceDefinition PODS = WritePath.resource("", "pods");
    private static final String POD = "{'metadata':{'name':'x'},'spec':{'containers':[{'name':'c','image':'nginx'}]}}";

    private static JsonNode tree(String text) {
        return Json.MAPPER.readTree(WritePath.json(text));
    }

    @Test
    void podDefaults() {
        KubeObject pod = WritePath.create(
                PODS,
                "{'metadata':{'name':'x'},'spec':{'volumes':[{'name':'v'},{'name':'s','secret':{'secretName':'s'}}],"
                        + "'containers':[{'name':'c','image':'reg:5000/nginx:1.2','ports':[{'containerPort':80}],"
                        + "'readinessProbe':{'httpGet':{'port':80}},'resources':{'limits':{'cpu':0.5}}}]}}");
        assertThat(pod.at("spec"))
                .isEqualTo(tree("{'volumes':[{'name':'v','emptyDir':{}},{'name':'s','secret':{'secretName':'s',"
                        + "'defaultMode':420}}],'containers':[{'name':'c','image':'reg:5000/nginx:1.2',"
                        + "'ports':[{'containerPort':80,'protocol':'TCP'}],'readinessProbe':{'httpGet':{'port':80,"
                        + "'path':'/','scheme':'HTTP'},'timeoutSeconds':1,'periodSeconds':10,'successThreshold':1,"
                        + "'failureThreshold':3},'resources':{'limits':{'cpu':'500m'},'requests':{'cpu':'500m'}},"
                        + "'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File',"
                        + "'imagePullPolicy':'IfNotPresent'}],'restartPolicy':'Always','dnsPolicy':'ClusterFirst',"
                        + "'schedulerName':'default-scheduler','terminationGracePeriodSeconds':30,'securityContext':{},"
                        + "'enableServiceLinks':true}"));
        assertThat(pod.at("status")).isEqualTo(tree("{'phase':'Pending','qosClass':'Burstable'}"));
    }

    @ParameterizedTest
    @CsvSource({
        "nginx, Always",
        "nginx:latest, Always",
        "nginx:1.2, IfNotPresent",
        "reg:5000/nginx, Always",
        "reg:5000/a/nginx:1, IfNotPresent",
        "nginx@sha256:00, IfNotPresent",
        "nginx:latest@sha256:00, IfNotPresent",
    })
    void pullPolicies(String image, String policy) {
        KubeObject pod = WritePath.create(
                PODS,
                POD.replace("nginx", image)
                        .replace(
                                "'spec':{", "'spec':{'volumes':[{'name':'v','image':{'reference':'" + image + "'}}],"));
        assertThat(pod.at("spec", "containers").path(0).path("imagePullPolicy").asString())
                .isEqualTo(policy);
        assertThat(pod.at("spec", "volumes").path(0).at("/image/pullPolicy").asString())
                .isEqualTo(policy);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|BestEffort",
                "{'requests':{'cpu':'1'}}|Burstable",
                "{'limits':{'cpu':'1'}}|Burstable",
                "{'limits':{'cpu':'1','memory':'1Gi'}}|Guaranteed",
                "{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'1000m','memory':'1024Mi'}}|Guaranteed",
                "{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'1'}}|Guaranteed",
                "{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'500m'}}|Burstable",
                "{'requests':{'example.com/gpu':'1'},'limits':{'example.com/gpu':'1'}}|BestEffort",
            })
    void qualityOfService(String resources, String expected) {
        KubeObject pod =
                WritePath.create(PODS, POD.replace("'image':'nginx'", "'image':'nginx','resources':" + resources));
        assertThat(pod.at("status", "qosClass").asString()).isEqualTo(expected);
    }

    @Test
    void statusAndSpecStayApart() {
        KubeObject old = WritePath.create(PODS, POD);
        KubeObject update = WritePath.update(
                PODS, old, POD.substring(0, POD.length() - 1) + ",'status':{'phase':'Running','podIP':'1.2.3.4'}}");
        assertThat(update.at("status")).isEqualTo(old.at("status"));

        KubeObject status = update.deepCopy();
        status.root().set("spec", tree("{'containers':[]}"));
        status.root().set("status", tree("{'phase':'Running','podIP':'1.2.3.4'}"));
        PODS.strategy().prepareForSubresourceUpdate("status", status, old);
        assertThat(status.at("spec")).isEqualTo(old.at("spec"));
        assertThat(status.at("status"))
                .isEqualTo(tree("{'phase':'Running','podIP':'1.2.3.4','podIPs':[{'ip':'1.2.3.4'}],"
                        + "'qosClass':'BestEffort'}"));
    }

    @Test
    void podsLeaveGracefullyWhenTheyRun() {
        KubeObject pod = WritePath.create(PODS, POD);
        assertThat(PODS.strategy().gracePeriod(pod, null)).isZero();
        KubeObject bound = WritePath.create(PODS, POD.replace("'spec':{", "'spec':{'nodeName':'n',"));
        assertThat(PODS.strategy().gracePeriod(bound, null)).isEqualTo(Duration.ofSeconds(30));
        assertThat(PODS.strategy().gracePeriod(bound, Duration.ofSeconds(5))).isEqualTo(Duration.ofSeconds(5));
        assertThat(PODS.strategy().gracePeriod(bound, Duration.ZERO)).isZero();
        ((ObjectNode) bound.at("status")).put("phase", "Succeeded");
        assertThat(PODS.strategy().gracePeriod(bound, null)).isZero();
    }

    @Test
    void deploymentDefaults() {
        KubeObject deployment = WritePath.create(
                WritePath.resource("apps", "deployments"),
                "{'metadata':{'name':'x'},'spec':{'selector':{'matchLabels':{'a':'b'}},"
                        + "'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i:1'}]}}}}");
        assertThat(deployment.at("spec", "replicas").asInt()).isEqualTo(1);
        assertThat(deployment.at("spec", "strategy"))
                .isEqualTo(tree("{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable':'25%','maxSurge':'25%'}}"));
        assertThat(deployment.at("spec", "revisionHistoryLimit").asInt()).isEqualTo(10);
        assertThat(deployment.at("spec", "progressDeadlineSeconds").asInt()).isEqualTo(600);
        assertThat(deployment.at("spec", "template", "spec", "dnsPolicy").asString())
                .isEqualTo("ClusterFirst");
        assertThat(deployment.at("spec", "template", "spec").has("enableServiceLinks"))
                .isFalse();
    }

    @Test
    void servicesKeepWhatTheyWereGiven() {
        ResourceDefinition services = WritePath.resource("", "services");
        String text = "{'metadata':{'name':'x'},'spec':{'type':'NodePort','ports':[{'port':80}]}}";
        KubeObject service = WritePath.create(services, text);
        assertThat(service.at("spec"))
                .isEqualTo(
                        tree(
                                "{'type':'NodePort','ports':[{'port':80,'protocol':'TCP','targetPort':80}],"
                                        + "'sessionAffinity':'None','internalTrafficPolicy':'Cluster','externalTrafficPolicy':'Cluster'}"));
        KubeObject allocated = WritePath.update(
                services,
                service,
                text.replace("'port':80", "'port':80,'nodePort':30001")
                        .replace("'type'", "'clusterIP':'10.96.0.7','type'"));
        KubeObject again = WritePath.update(services, allocated, text);
        assertThat(again.at("spec", "clusterIP").asString()).isEqualTo("10.96.0.7");
        assertThat(again.at("spec", "clusterIPs").path(0).asString()).isEqualTo("10.96.0.7");
        assertThat(again.at("spec", "ports").path(0).path("nodePort").asInt()).isEqualTo(30001);
    }

    @Test
    void secretsTakePlainText() {
        KubeObject secret = WritePath.create(
                WritePath.resource("", "secrets"),
                "{'metadata':{'name':'x'},'data':{'a':'eA==','b':'eQ=='},'stringData':{'b':'z'}}");
        assertThat(secret.at("data")).isEqualTo(tree("{'a':'eA==','b':'eg=='}"));
        assertThat(secret.root().has("stringData")).isFalse();
        assertThat(secret.at("type").asString()).isEqualTo("Opaque");
    }

    @Test
    void namespacesCarryTheirFinalizer() {
        ResourceDefinition namespaces = WritePath.resource("", "namespaces");
        KubeObject namespace = WritePath.create(namespaces, "{'metadata':{'name':'x'}}");
        assertThat(namespace.at("spec")).isEqualTo(tree("{'finalizers':['kubernetes']}"));
        assertThat(namespace.at("status")).isEqualTo(tree("{'phase':'Active'}"));
        assertThat(namespace.labels()).containsEntry("kubernetes.io/metadata.name", "x");
    }

    @Test
    void jobsAreSelectedByTheirUid() {
        KubeObject job = WritePath.create(
                WritePath.resource("batch", "jobs"),
                "{'metadata':{'name':'x'},'spec':{'template':{'spec':{'restartPolicy':'Never',"
                        + "'containers':[{'name':'c','image':'i'}]}}}}");
        assertThat(job.at("spec", "selector"))
                .isEqualTo(tree("{'matchLabels':{'batch.kubernetes.io/controller-uid':'uid-1'}}"));
        assertThat(job.at("spec", "template", "metadata", "labels"))
                .isEqualTo(tree("{'controller-uid':'uid-1','batch.kubernetes.io/controller-uid':'uid-1','job-name':'x',"
                        + "'batch.kubernetes.io/job-name':'x'}"));
        assertThat(job.at("spec", "completions").asInt()).isEqualTo(1);
        assertThat(job.at("spec", "backoffLimit").asInt()).isEqualTo(6);
    }

    @Test
    void daemonSetsNumberTheirTemplates() {
        ResourceDefinition sets = WritePath.resource("apps", "daemonsets");
        String text = "{'metadata':{'name':'x'},'spec':{'selector':{'matchLabels':{'a':'b'}},'template':{'metadata':"
                + "{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}";
        KubeObject first = WritePath.create(sets, text);
        KubeObject same = WritePath.update(sets, first, text);
        KubeObject changed = WritePath.update(sets, same, text.replace("'i'", "'j'"));
        String annotation = "deprecated.daemonset.template.generation";
        assertThat(first.at("metadata", "annotations", annotation).asString()).isEqualTo("1");
        assertThat(same.at("metadata", "annotations", annotation).asString()).isEqualTo("1");
        assertThat(changed.at("metadata", "annotations", annotation).asString()).isEqualTo("2");
    }
}
