package io.mokube.apiserver.resources.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.validation.WritePath;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused of each kind, in Kubernetes' words, and what passes. */
class InvalidObjectsTest {

    private static ResourceDefinition resource(String name) {
        int dot = name.indexOf('.');
        return dot < 0
                ? WritePath.resource("", name)
                : WritePath.resource(name.substring(dot + 1), name.substring(0, dot));
    }

    private static String named(String body) {
        return body.contains("'metadata'") ? "{" + body + "}" : "{'metadata':{'name':'x'}," + body + "}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "apiservices.apiregistration.k8s.io|'spec':{'group':'g','version':'v1','groupPriorityMinimum':5,'versionPriority':5}"
                        + "|metadata.name: Invalid value: \"x\": must be `spec.version+\".\"+spec.group`: \"v1.g\"",
                "apiservices.apiregistration.k8s.io|'spec':{'group':'g','version':'v1','groupPriorityMinimum':5,'versionPriority':1001}"
                        + "|spec.versionPriority: Invalid value: 1001: must be positive and less than 1000",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'metrics':[{'type':'Custom'}]}"
                        + "|spec.metrics[0].type: Unsupported value: \"Custom\"",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'metrics':[{'type':'Pods','resource':{'name':'cpu','target':{'type':'Utilization','averageUtilization':5}}}]}"
                        + "|spec.metrics[0].resource: Forbidden: must populate the given metric source only",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'metrics':[{'type':'Resource','resource':{'name':'cpu','target':{'type':'Utilization'}}}]}"
                        + "|spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'metrics':[{'type':'Pods','pods':{'metric':{'name':'m'},'target':{'type':'AverageValue','averageValue':'0'}}}]}"
                        + "|spec.metrics[0].pods.target.averageValue: Invalid value: \"0\": must be positive",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'behavior':{'scaleUp':{'stabilizationWindowSeconds':3601}}}"
                        + "|spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'behavior':{'scaleDown':{'policies':[{'type':'Pods','value':0,'periodSeconds':60}]}}}"
                        + "|spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero",
                "horizontalpodautoscalers.autoscaling|'spec':{'maxReplicas':3,'scaleTargetRef':{'kind':'K','name':'n'},'behavior':{'scaleDown':{'policies':[]}}}"
                        + "|spec.behavior.scaleDown.policies: Required value: must specify at least one Policy",
                "networkpolicies.networking.k8s.io|'spec':{'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['11.0.0.0/16']}}]}]}"
                        + "|spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: \"11.0.0.0/16\": must be a strict subset of `cidr`",
                "networkpolicies.networking.k8s.io|'spec':{'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0'}}]}]}"
                        + "|must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
                "networkpolicies.networking.k8s.io|'spec':{'egress':[{'to':[{}]}]}|spec.egress[0].to[0]: Required value: must specify a peer",
                "networkpolicies.networking.k8s.io|'spec':{'egress':[{'to':[{'podSelector':{},'ipBlock':{'cidr':'10.0.0.0/8'}}]}]}"
                        + "|spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer",
                "networkpolicies.networking.k8s.io|'spec':{'ingress':[{'ports':[{'port':80,'endPort':79}]}]}"
                        + "|spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`",
                "networkpolicies.networking.k8s.io|'spec':{'ingress':[{'ports':[{'port':'web','endPort':79}]}]}"
                        + "|may not be specified when `port` is non-numeric",
                "ingresses.networking.k8s.io|'spec':{}|spec: Invalid value: \"\": either `defaultBackend` or `rules` must be specified",
                "ingresses.networking.k8s.io|'spec':{'defaultBackend':{'service':{'name':'s'}}}"
                        + "|spec.defaultBackend: Required value: port name or number is required",
                "ingresses.networking.k8s.io|'spec':{'rules':[{'host':'10.1.2.3'}]}|must be a DNS name, not an IP address",
                "ingresses.networking.k8s.io|'spec':{'rules':[{'host':'a.*.b'}]}|a wildcard DNS-1123 subdomain must start with '*.'",
                "ingresses.networking.k8s.io|'spec':{'rules':[{'http':{'paths':[{'path':'/a//b','pathType':'Prefix','backend':{'resource':{'kind':'K','name':'n'}}}]}}]}"
                        + "|spec.rules[0].http.paths[0].path: Invalid value: \"/a//b\": must not contain '//'",
                "ingressclasses.networking.k8s.io|'spec':{'controller':'nginx'}"
                        + "|spec.controller: Invalid value: \"nginx\": must be a domain-prefixed path (such as \"acme.io/foo\")",
                "ingressclasses.networking.k8s.io|'spec':{'controller':'a.b/c','parameters':{'kind':'K','name':'n','scope':'Namespace'}}"
                        + "|spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
                "ipaddresses.networking.k8s.io|'spec':{'parentRef':{'resource':'services','name':'s'}}"
                        + "|metadata.name: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                "servicecidrs.networking.k8s.io|'spec':{'cidrs':['10.0.0.0/33']}|spec.cidrs[0]: Invalid value: \"10.0.0.0/33\"",
                "resourcequotas|'spec':{'hard':{'pods':'-1'}}|spec.hard[pods]: Invalid value: \"-1\": must be greater than or equal to 0",
                "resourcequotas|'spec':{'scopes':['BestEffort','NotBestEffort']}|conflicting scopes",
                "resourcequotas|'spec':{'hard':{'cars':'1'}}"
                        + "|spec.hard[cars]: Invalid value: \"cars\": must be a standard resource for quota",
                "resourcequotas|'spec':{'scopes':['BestEffort'],'hard':{'requests.cpu':'1'}}"
                        + "|spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource",
                "limitranges|'spec':{'limits':[{'type':'Container'},{'type':'Container'}]}"
                        + "|spec.limits[1].type: Duplicate value: \"Container\"",
                "limitranges|'spec':{'limits':[{'type':'Thing'}]}"
                        + "|spec.limits[0].type: Invalid value: \"Thing\": must be a standard limit type or fully qualified",
                "limitranges|'spec':{'limits':[{'type':'Pod','default':{'cpu':'1'}}]}"
                        + "|spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
                "limitranges|'spec':{'limits':[{'type':'PersistentVolumeClaim','max':{'cpu':'1'}}]}|spec.limits[0].limits:"
                        + " Required value: either minimum or maximum storage value is required, but neither was provided",
                "limitranges|'spec':{'limits':[{'type':'Pod','min':{'cpu':'2'},'max':{'cpu':'1'}}]}|spec.limits[0].min[cpu]:"
                        + " Invalid value: \"2\": min value 2 is greater than max value 1",
                "limitranges|'spec':{'limits':[{'type':'Container','default':{'cpu':'1'},'defaultRequest':{'cpu':'2'}}]}"
                        + "|spec.limits[0].defaultRequest[cpu]: Invalid value: \"2\": default request value 2 is greater than"
                        + " default limit value 1",
                "limitranges|'spec':{'limits':[{'type':'Pod','maxLimitRequestRatio':{'cpu':'500m'}}]}"
                        + "|ratio 500m is less than 1",
                "limitranges|'spec':{'limits':[{'type':'Pod','min':{'cpu':'1'},'max':{'cpu':'2'},"
                        + "'maxLimitRequestRatio':{'cpu':'3'}}]}|ratio 3 is greater than max/min = 2.000000",
                "controllerrevisions.apps|'revision':1|data: Required value: data is mandatory",
                "runtimeclasses.node.k8s.io|'handler':'A'|handler: Invalid value: \"A\": a lowercase RFC 1123 label",
                "csidrivers.storage.k8s.io|'spec':{'volumeLifecycleModes':['Once']}"
                        + "|Unsupported value: \"Once\": supported values: \"Ephemeral\", \"Persistent\"",
                "volumeattachments.storage.k8s.io|'spec':{'attacher':'a','nodeName':'n','source':{}}"
                        + "|spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
                "flowschemas.flowcontrol.apiserver.k8s.io|'spec':{'matchingPrecedence':1,'priorityLevelConfiguration':{'name':'p'}}"
                        + "|only the schema named 'exempt' may have matchingPrecedence 1",
                "flowschemas.flowcontrol.apiserver.k8s.io|'spec':{'priorityLevelConfiguration':{'name':'p'},'rules':[{'subjects':[{'kind':'User','group':{'name':'g'}}],'resourceRules':[{'verbs':['*'],'apiGroups':['*'],'resources':['*'],'namespaces':['*']}]}]}"
                        + "|group is forbidden when subject kind is not 'Group'",
                "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io|'spec':{'type':'Limited'}"
                        + "|spec.limited: Required value: must not be empty when type is Limited",
                "persistentvolumes|'spec':{'accessModes':['ReadWriteOncePod','ReadOnlyMany'],'capacity':{'storage':'1Gi'},'hostPath':{'path':'/x'}}"
                        + "|spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
                "persistentvolumes|'spec':{'accessModes':['ReadWriteOnce'],'capacity':{'storage':'1Gi'},'local':{'path':'/x'}}"
                        + "|spec.nodeAffinity: Required value: Local volume requires node affinity",
                "persistentvolumes|'spec':{'accessModes':['ReadWriteOnce'],'capacity':{'storage':'0'},'hostPath':{'path':'/x'}}"
                        + "|spec.capacity[storage]: Invalid value: \"0\": must be greater than zero",
                "persistentvolumeclaims|'spec':{'accessModes':['Once'],'resources':{'requests':{'storage':'1Gi'}}}"
                        + "|spec.accessModes: Unsupported value: \"Once\"",
                "storageclasses.storage.k8s.io|'provisioner':'a b'|provisioner: Invalid value: \"a b\"",
            })
    void refused(String resource, String body, String message) {
        ApiException refusal =
                catchThrowableOfType(ApiException.class, () -> WritePath.create(resource(resource), named(body)));
        assertThat(refusal).as("a refusal").isNotNull();
        assertThat(refusal.status().message()).contains(message);
        assertThat(refusal.code()).isEqualTo(422);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'volumes':[{'name':'v','hostPath':{'path':'/a/../b'}}]|spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
                "'volumes':[{'name':'v','image':{'pullPolicy':'Never'}}]|spec.volumes[0].image.reference: Required value",
                "'volumes':[{'name':'v','image':{'reference':'i','pullPolicy':'Often'}}]"
                        + "|spec.volumes[0].image.pullPolicy: Unsupported value: \"Often\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
                "'volumes':[{'name':'v','hostPath':{'path':'/a','type':'Folder'}}]|spec.volumes[0].hostPath.type: Unsupported value: \"Folder\"",
                "'volumes':[{'name':'v','configMap':{'name':'m','defaultMode':512}}]"
                        + "|spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
                "'volumes':[{'name':'v','secret':{'secretName':'m','items':[{'key':'k','path':'/etc'}]}}]|must be a relative path",
                "'volumes':[{'name':'v','projected':{'sources':[{'serviceAccountToken':{'path':'t','expirationSeconds':10}}]}}]"
                        + "|may not specify a duration less than 10 minutes",
                "'volumes':[{'name':'v','downwardAPI':{'items':[{'path':'p'}]}}]|one of fieldRef and resourceFieldRef is required",
                "'volumes':[{'name':'v','emptyDir':{},'hostPath':{'path':'/a'}}]|may not specify more than 1 volume type",
                "'shareProcessNamespace':true,'hostPID':true|ShareProcessNamespace and HostPID cannot both be enabled",
                "'securityContext':{'runAsUser':-1}|spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
                "'securityContext':{'seccompProfile':{'type':'Localhost'}}|must be set when seccomp type is Localhost",
                "'securityContext':{'sysctls':[{'name':'A','value':'1'}]}|must have at most 253 characters and match regex",
                "'hostAliases':[{'ip':'300.1.1.1','hostnames':['a']}]|spec.hostAliases[0].ip: Invalid value: \"300.1.1.1\": must be a valid IP address",
                "'dnsPolicy':'None'|must provide at least one DNS nameserver when `dnsPolicy` is None",
                "'schedulingGates':[{'name':'a'}],'nodeName':'n'|spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
                "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'k','operator':'Gt','values':['1','2']}]}]}}}"
                        + "|must be specified single value when `operator` is 'Lt' or 'Gt'",
            })
    void refusedPods(String fields, String message) {
        String body = "'spec':{'containers':[{'name':'c','image':'i'}]," + fields + "}";
        refused("pods", body, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'envFrom':[{}]|spec.containers[0].envFrom[0]: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`",
                "'lifecycle':{'preStop':{}}|spec.containers[0].lifecycle.preStop: Required value: must specify a handler type",
                "'securityContext':{'privileged':true,'allowPrivilegeEscalation':false}"
                        + "|cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
                "'resources':{'requests':{'cpu':'2'},'limits':{'cpu':'1'}}|must be less than or equal to cpu limit of 1",
            })
    void refusedContainers(String fields, String message) {
        refused("pods", "'spec':{'containers':[{'name':'c','image':'i'," + fields + "}]}", message);
    }

    private static String statefulSet(String fields) {
        return "'metadata':{'name':'x'},'spec':{'selector':{'matchLabels':{'a':'b'}},'template':{'metadata':{'labels':{'a':'b'}},'spec':"
                + "{'containers':[{'name':'c','image':'i','volumeMounts':[{'name':'data','mountPath':'/d'}]}]}},"
                + fields + "}";
    }

    private static final String CLAIM =
            "'volumeClaimTemplates':[{'metadata':{'name':'data'},'spec':{'accessModes':['ReadWriteOnce'],"
                    + "'resources':{'requests':{'storage':'1Gi'}}}}]";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'updateStrategy':{'rollingUpdate':{'maxUnavailable':0}}"
                        + "|spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0",
                "'updateStrategy':{'rollingUpdate':{'maxUnavailable':'half'}}|a valid percent string must be a numeric string",
                "'updateStrategy':{'type':'OnDelete','rollingUpdate':{'partition':1}}"
                        + "|only allowed for updateStrategy 'RollingUpdate'",
                "'persistentVolumeClaimRetentionPolicy':{'whenScaled':'Keep'}"
                        + "|spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: \"Keep\": supported values: \"Delete\", \"Retain\"",
                "'ordinals':{'start':-1}|spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
            })
    void refusedStatefulSets(String fields, String message) {
        refused("statefulsets.apps", statefulSet(CLAIM + "," + fields), message);
    }

    @Test
    void claimsAreVolumesOfAStatefulSetsPods() {
        accepted("statefulsets.apps", statefulSet(CLAIM));
        refused(
                "statefulsets.apps",
                statefulSet("'replicas':1"),
                "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"data\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "ingressclasses.networking.k8s.io|'spec':{'controller':'a.b/c'}|'spec':{'controller':'a.b/d'}|spec.controller: Invalid value: \"a.b/d\": field is immutable",
                "controllerrevisions.apps|'revision':1,'data':{'a':1}|'revision':2,'data':{'a':2}|data: Invalid value: {\"a\":2}: field is immutable",
                "runtimeclasses.node.k8s.io|'handler':'a'|'handler':'b'|handler: Invalid value: \"b\": field is immutable",
                "resourcequotas|'spec':{'scopes':['BestEffort']}|'spec':{}|spec.scopes: Invalid value: \"\": field is immutable",
                "servicecidrs.networking.k8s.io|'spec':{'cidrs':['10.0.0.0/24']}|'spec':{'cidrs':['10.0.1.0/24']}|spec.cidrs: Invalid value: [\"10.0.1.0/24\"]: field is immutable",
                "servicecidrs.networking.k8s.io|'spec':{'cidrs':['10.0.0.0/24']}|'spec':{'cidrs':['fd00::/112','10.0.0.0/24']}|spec.cidrs: Invalid value: [\"fd00::/112\",\"10.0.0.0/24\"]: field is immutable",
                "servicecidrs.networking.k8s.io|'spec':{'cidrs':['10.0.0.0/24']}|'spec':{'cidrs':['10.0.0.0/24','10.0.1.0/24']}|spec.cidrs: Invalid value: [\"10.0.0.0/24\",\"10.0.1.0/24\"]: may specify no more than one IP for each IP family",
                "servicecidrs.networking.k8s.io|'spec':{'cidrs':['10.0.0.0/24','fd00::/112']}|'spec':{'cidrs':['10.0.0.0/24']}|spec.cidrs: Invalid value: [\"10.0.0.0/24\"]: field is immutable",
                "csidrivers.storage.k8s.io|'spec':{}|'spec':{'attachRequired':false}|spec.attachRequired: Invalid value: false: field is immutable",
                "volumeattachments.storage.k8s.io|'spec':{'attacher':'a','nodeName':'n','source':{'persistentVolumeName':'v'}}"
                        + "|'spec':{'attacher':'a','nodeName':'m','source':{'persistentVolumeName':'v'}}|spec: Invalid value: {",
            })
    void neverChange(String resource, String before, String after, String message) {
        KubeObject old = WritePath.create(resource(resource), named(before));
        assertThatCode(() -> WritePath.update(resource(resource), old, named(before)))
                .doesNotThrowAnyException();
        ApiException refusal =
                catchThrowableOfType(ApiException.class, () -> WritePath.update(resource(resource), old, named(after)));
        assertThat(refusal).as("a refusal").isNotNull();
        assertThat(refusal.status().message()).contains(message);
    }

    @Test
    void aRangeOfTheOtherFamilyIsAdded() {
        KubeObject old =
                WritePath.create(resource("servicecidrs.networking.k8s.io"), named("'spec':{'cidrs':['10.0.0.0/24']}"));
        assertThatCode(() -> WritePath.update(
                        resource("servicecidrs.networking.k8s.io"),
                        old,
                        named("'spec':{'cidrs':['10.0.0.0/24','fd00::/112']}")))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "networkpolicies.networking.k8s.io|'spec':{'podSelector':{},'ingress':[{'from':[{'ipBlock':{'cidr':'10.0.0.0/8','except':['10.1.0.0/16']}},{'podSelector':{},'namespaceSelector':{}}],'ports':[{'port':80,'endPort':90}]}]}",
                "ingresses.networking.k8s.io|'spec':{'ingressClassName':'c','tls':[{'hosts':['*.a.b'],'secretName':'s'}],'rules':[{'host':'*.a.b','http':{'paths':[{'path':'/','pathType':'Prefix','backend':{'service':{'name':'s','port':{'number':80}}}}]}}]}",
                "ipaddresses.networking.k8s.io|'metadata':{'name':'2001:db8::1'},'spec':{'parentRef':{'resource':'services','name':'s'}}",
                "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io|'spec':{'type':'Limited','limited':{'limitResponse':{'type':'Queue','queuing':{}}}}",
                "flowschemas.flowcontrol.apiserver.k8s.io|'spec':{'priorityLevelConfiguration':{'name':'p'}}",
                "resourcequotas|'spec':{'hard':{'pods':'10','requests.cpu':'4','count/jobs.batch':'3'},'scopeSelector':{'matchExpressions':[{'scopeName':'PriorityClass','operator':'In','values':['high']}]}}",
                "persistentvolumes|'spec':{'accessModes':['ReadWriteOnce'],'capacity':{'storage':'1Gi'},'local':{'path':'/x'},'nodeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'kubernetes.io/hostname','operator':'In','values':['n']}]}]}}}",
                "pods|'spec':{'containers':[{'name':'c','image':'i','envFrom':[{'configMapRef':{'name':'m'}}],'lifecycle':{'preStop':{'sleep':{'seconds':1}}}}],'volumes':[{'name':'v','projected':{'sources':[{'serviceAccountToken':{'path':'t','expirationSeconds':3607}},{'configMap':{'name':'m','items':[{'key':'k','path':'a/b'}]}},{'downwardAPI':{'items':[{'path':'n','fieldRef':{'fieldPath':'metadata.namespace'}}]}}]}}],'securityContext':{'runAsUser':1000,'sysctls':[{'name':'net.ipv4.ip_unprivileged_port_start','value':'0'}]},'dnsPolicy':'None','dnsConfig':{'nameservers':['1.1.1.1']}}",
            })
    void accepted(String resource, String body) {
        assertThatCode(() -> WritePath.create(resource(resource), named(body))).doesNotThrowAnyException();
    }
}
