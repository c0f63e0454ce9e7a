package io.mokube.machinery.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class EvaluatorTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Evaluator PODS = Evaluator.of(new GroupResource("", "pods"));
    private static final Evaluator SERVICES = Evaluator.of(new GroupResource("", "services"));
    private static final Evaluator CLAIMS = Evaluator.of(new GroupResource("", "persistentvolumeclaims"));

    private static KubeObject object(String json) {
        return new KubeObject((ObjectNode) Json.MAPPER.readTree(json.replace('\'', '"')));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'spec':{'containers':[{}]}}|count/pods=1,pods=1",
                "{'spec':{'containers':[{'resources':{'requests':{'cpu':'500m','memory':'64Mi'},'limits':{'cpu':'1'}}},"
                        + "{'resources':{'requests':{'cpu':'600m'},'limits':{'memory':'1Gi'}}}]}}"
                        + "|count/pods=1,cpu=1100m,limits.cpu=1,limits.memory=1Gi,memory=64Mi,pods=1,requests.cpu=1100m,"
                        + "requests.memory=64Mi",
                // An init container runs alone, a sidecar beside everything after it.
                "{'spec':{'containers':[{'resources':{'requests':{'cpu':'1'}}}],'initContainers':["
                        + "{'resources':{'requests':{'cpu':'3'}}},"
                        + "{'restartPolicy':'Always','resources':{'requests':{'cpu':'1'}}},"
                        + "{'resources':{'requests':{'cpu':'1'}}}]}}|count/pods=1,cpu=3,pods=1,requests.cpu=3",
                "{'spec':{'overhead':{'cpu':'250m','memory':'1Mi'},'containers':[{'resources':{'requests':{'cpu':'1'},"
                        + "'limits':{'cpu':'2'}}}]}}"
                        + "|count/pods=1,cpu=1250m,limits.cpu=2250m,memory=1Mi,pods=1,requests.cpu=1250m,"
                        + "requests.memory=1Mi",
                "{'spec':{'resources':{'requests':{'cpu':'4','ephemeral-storage':'9Gi'}},'containers':[{'resources':"
                        + "{'requests':{'cpu':'1','memory':'1Gi'}}}]}}"
                        + "|count/pods=1,cpu=4,memory=1Gi,pods=1,requests.cpu=4,requests.memory=1Gi",
                "{'spec':{'containers':[{'resources':{'requests':{'nvidia.com/gpu':'2','hugepages-2Mi':'4Mi',"
                        + "'ephemeral-storage':'1Gi'},'limits':{'nvidia.com/gpu':'2','hugepages-2Mi':'4Mi',"
                        + "'ephemeral-storage':'2Gi'}}}]}}"
                        + "|count/pods=1,ephemeral-storage=1Gi,hugepages-2Mi=4Mi,limits.ephemeral-storage=2Gi,pods=1,"
                        + "requests.ephemeral-storage=1Gi,requests.hugepages-2Mi=4Mi,requests.nvidia.com/gpu=2",
                // While it is resized the larger of what is asked for and what there is.
                "{'spec':{'containers':[{'name':'c','resources':{'requests':{'cpu':'1'}}}]},'status':"
                        + "{'containerStatuses':[{'name':'c','allocatedResources':{'cpu':'3'},"
                        + "'resources':{'requests':{'cpu':'2'}}}]}}|count/pods=1,cpu=3,pods=1,requests.cpu=3",
                "{'spec':{'containers':[{'name':'c','resources':{'requests':{'cpu':'9'}}}]},'status':"
                        + "{'conditions':[{'type':'PodResizePending','reason':'Infeasible'}],'containerStatuses':"
                        + "[{'name':'c','resources':{'requests':{'cpu':'2'}}}]}}"
                        + "|count/pods=1,cpu=2,pods=1,requests.cpu=2",
                "{'spec':{'containers':[{}]},'status':{'phase':'Failed'}}|count/pods=1",
                "{'spec':{'containers':[{}]},'status':{'phase':'Succeeded'}}|count/pods=1",
                "{'metadata':{'deletionTimestamp':'2026-01-01T11:59:00Z','deletionGracePeriodSeconds':30},"
                        + "'spec':{'containers':[{}]}}|count/pods=1",
                "{'metadata':{'deletionTimestamp':'2026-01-01T11:59:50Z','deletionGracePeriodSeconds':30},"
                        + "'spec':{'containers':[{}]}}|count/pods=1,pods=1",
            })
    void podsCountForWhatTheyTake(String pod, String usage) {
        assertThat(PODS.usage(object(pod), NOW).toString()).isEqualTo(usage);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'spec':{'type':'ClusterIP','ports':[{'port':1}]}}|0|0",
                "{'spec':{'type':'NodePort','ports':[{'port':1},{'port':2}]}}|0|2",
                "{'spec':{'type':'LoadBalancer','ports':[{'port':1},{'port':2}]}}|1|2",
                "{'spec':{'type':'LoadBalancer','allocateLoadBalancerNodePorts':false,'ports':[{'port':1},"
                        + "{'port':2,'nodePort':30000}]}}|1|1",
                "{'spec':{'type':'ExternalName'}}|0|0",
            })
    void servicesCountForTheirPorts(String service, int loadBalancers, int nodePorts) {
        assertThat(SERVICES.usage(object(service), NOW).toString())
                .isEqualTo("count/services=1,services=1,services.loadbalancers=" + loadBalancers
                        + ",services.nodeports=" + nodePorts);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'spec':{'resources':{'requests':{'storage':'1Gi'}}}}"
                        + "|count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=1Gi",
                "{'spec':{'storageClassName':'gold','resources':{'requests':{'storage':'2Gi'}}}}"
                        + "|count/persistentvolumeclaims=1,"
                        + "gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,"
                        + "gold.storageclass.storage.k8s.io/requests.storage=2Gi,persistentvolumeclaims=1,"
                        + "requests.storage=2Gi",
                "{'spec':{'resources':{'requests':{'storage':'1Gi'}}},'status':{'allocatedResources':{'storage':'3Gi'}}}"
                        + "|count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=3Gi",
                "{'spec':{'resources':{'requests':{'storage':'100m'}}}}"
                        + "|count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=1",
            })
    void claimsCountForTheirBytes(String claim, String usage) {
        assertThat(CLAIMS.usage(object(claim), NOW).toString()).isEqualTo(usage);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'scopes':['Terminating']|{'spec':{'activeDeadlineSeconds':0}}|true",
                "'scopes':['Terminating']|{'spec':{}}|false",
                "'scopes':['NotTerminating']|{'spec':{}}|true",
                "'scopes':['BestEffort']|{'spec':{'containers':[{'resources':{'requests':{'cpu':'0'}}}]}}|true",
                "'scopes':['BestEffort']|{'spec':{'containers':[{'resources':{'requests':{'nvidia.com/gpu':'1'}}}]}}|true",
                "'scopes':['BestEffort']|{'spec':{'containers':[{}],'initContainers':[{'resources':{'limits':"
                        + "{'memory':'1'}}}]}}|false",
                "'scopes':['NotBestEffort']|{'spec':{'resources':{'requests':{'cpu':'1'}},'containers':[{}]}}|true",
                "'scopes':['NotBestEffort','Terminating']|{'spec':{'containers':[{}],'activeDeadlineSeconds':1}}|false",
                "'scopes':['PriorityClass']|{'spec':{'priorityClassName':'high'}}|true",
                "'scopes':['PriorityClass']|{'spec':{}}|false",
                "'scopeSelector':{'matchExpressions':[{'scopeName':'PriorityClass','operator':'In',"
                        + "'values':['high','low']}]}|{'spec':{'priorityClassName':'low'}}|true",
                "'scopeSelector':{'matchExpressions':[{'scopeName':'PriorityClass','operator':'In',"
                        + "'values':['high']}]}|{'spec':{'priorityClassName':'low'}}|false",
                "'scopeSelector':{'matchExpressions':[{'scopeName':'PriorityClass','operator':'NotIn',"
                        + "'values':['high']}]}|{'spec':{}}|true",
                "'scopeSelector':{'matchExpressions':[{'scopeName':'PriorityClass','operator':'DoesNotExist'}]}"
                        + "|{'spec':{'priorityClassName':'low'}}|false",
                "'scopes':['CrossNamespacePodAffinity']|{'spec':{'affinity':{'podAntiAffinity':"
                        + "{'preferredDuringSchedulingIgnoredDuringExecution':[{'podAffinityTerm':"
                        + "{'namespaceSelector':{}}}]}}}}|true",
                "'scopes':['CrossNamespacePodAffinity']|{'spec':{'affinity':{'podAffinity':"
                        + "{'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':'x'}]}}}}|false",
                "'scopes':['VolumeAttributesClass']|{'spec':{'containers':[{}]}}|false",
            })
    void podsAreWithinScopes(String scopes, String pod, boolean within) {
        assertThat(PODS.isScopedBy(object("{'spec':{" + scopes + "}}"), object(pod)))
                .isEqualTo(within);
    }

    @Test
    void claimsAreScopedByTheirAttributesAndNothingElseIsScoped() {
        KubeObject fast = object("{'spec':{'scopeSelector':{'matchExpressions':[{'scopeName':'VolumeAttributesClass',"
                + "'operator':'In','values':['fast']}]}}}");
        assertThat(CLAIMS.isScopedBy(fast, object("{'spec':{'volumeAttributesClassName':'fast'}}")))
                .isTrue();
        assertThat(CLAIMS.isScopedBy(
                        fast,
                        object("{'spec':{'volumeAttributesClassName':'slow'},"
                                + "'status':{'currentVolumeAttributesClassName':'fast'}}")))
                .isTrue();
        assertThat(CLAIMS.isScopedBy(fast, object("{'spec':{}}"))).isFalse();
        KubeObject terminating = object("{'spec':{'scopes':['NotTerminating']}}");
        assertThat(SERVICES.isScopedBy(terminating, object("{'spec':{}}"))).isFalse();
        assertThat(Evaluator.of(new GroupResource("", "secrets")).isScopedBy(terminating, object("{}")))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "limits.cpu|must specify limits.cpu for: a,b,i",
                "limits.cpu;requests.memory;pods|must specify limits.cpu for: a,b,i; requests.memory for: b,i",
                "cpu|must specify cpu for: b,i",
                "requests.ephemeral-storage;requests.nvidia.com/gpu|",
            })
    void containersMustSayHowMuchTheyTake(String limited, String missing) {
        KubeObject pod = object("{'spec':{'containers':[{'name':'b'},"
                + "{'name':'a','resources':{'requests':{'cpu':'1','memory':'1'}}}],'initContainers':[{'name':'i'}]}}");
        assertThat(PODS.missing(Arrays.asList(limited.split(";")), pod).orElse(null))
                .isEqualTo(missing);
        KubeObject whole = object("{'spec':{'resources':{'requests':{'cpu':'1'}},'containers':[{'name':'b'}]}}");
        assertThat(PODS.missing(List.of("limits.cpu"), whole)).isEmpty();
    }

    @Test
    void namesTellWhatTheyMeasure() {
        assertThat(Evaluator.measuredBy(List.of(
                        "requests.cpu",
                        "count/deployments.apps",
                        "services.nodeports",
                        "gold.storageclass.storage.k8s.io/requests.storage",
                        "secrets",
                        "what")))
                .isEqualTo(Set.of(
                        new GroupResource("", "pods"),
                        new GroupResource("apps", "deployments"),
                        new GroupResource("", "services"),
                        new GroupResource("", "persistentvolumeclaims"),
                        new GroupResource("", "secrets")));
        for (String name :
                List.of("requests.nvidia.com/gpu", "hugepages-2Mi", "requests.hugepages-1Gi", "count/pods")) {
            assertThat(PODS.measures(name)).as(name).isTrue();
        }
        for (String name : List.of("limits.nvidia.com/gpu", "nvidia.com/gpu", "requests.storage", "count/services")) {
            assertThat(PODS.measures(name)).as(name).isFalse();
        }
    }

    @Test
    void amountsKeepTheFamilyTheyWereWrittenIn() {
        Amounts bytes = Amounts.of(object("{'a':'512Mi','b':'1k','c':'0'}").root());
        Amounts sum = bytes.plus(
                Amounts.of(object("{'a':'512Mi','b':'500','c':'1Ki'}").root()));
        assertThat(sum.toString()).isEqualTo("a=1Gi,b=1500,c=1Ki");
        assertThat(sum.minus(Amounts.of(object("{'a':'2Gi','b':'1k'}").root())).toString())
                .isEqualTo("a=0,b=500,c=1Ki");
        assertThat(Amounts.of(object("{'a':'1e400'}").root()).get("a").value().toPlainString())
                .isEqualTo("9223372036854775807");
    }
}
