package io.mokube.apiserver.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.names.GroupResource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Golden rows: what {@code kubectl get -o wide} shows of one object of each kind. */
class TablesTest {

    private static final String NOW = "2026-01-01T12:00:00Z";
    private static final ResourceRegistry REGISTRY = ResourceRegistry.ofBuiltIns();

    record Golden(String resource, String object, String columns, String row) {

        @Override
        public String toString() {
            return resource;
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void rowsAreKubernetesRows(Golden golden) {
        int dot = golden.resource.indexOf('.');
        String plural = dot < 0 ? golden.resource : golden.resource.substring(0, dot);
        String group = dot < 0 ? "" : golden.resource.substring(dot + 1);
        ResourceDefinition definition =
                REGISTRY.find(new GroupResource(group, plural)).orElseThrow();
        TableLayout table = definition.versions().getFirst().table();

        List<String> columns = new ArrayList<>();
        for (TableLayout.Column column : table.columns()) {
            String type = column.type().equals("string") ? "" : ":" + column.type();
            columns.add(column.priority() == 0 ? column.name() + type : "(" + column.name() + type + ")");
        }
        assertThat(String.join(" | ", columns)).isEqualTo(golden.columns);
        String object = golden.object.replace(
                "'meta'", "\"metadata\":{\"name\":\"x\",\"creationTimestamp\":\"2026-01-01T11:58:01Z\"}");
        assertThat(String.join(" | ", TableCells.of(table, object.replace('\'', '"'), NOW)))
                .isEqualTo(golden.row);
    }

    @Test
    void everyResourceThatCanBeListedHasAGoldenRow() {
        List<String> listed = new ArrayList<>();
        for (ResourceDefinition definition : REGISTRY.all()) {
            if (definition.verbs().contains("list")) {
                listed.add(definition.groupResource().toString());
            }
        }
        assertThat(golden()).extracting(Golden::resource).containsAll(listed);
    }

    @Test
    void onlyTheNameIsOfTheFormatName() {
        for (ResourceDefinition definition : REGISTRY.all()) {
            if (definition.group().equals("metrics.k8s.io")) {
                // metrics-server says more of its columns.
                continue;
            }
            for (TableLayout.Column column :
                    definition.versions().getFirst().table().columns()) {
                boolean name = column.name().equals("Name") || column.name().equals("Attacher");
                assertThat(column.format())
                        .as(definition.plural() + " " + column.name())
                        .isEqualTo(name ? "name" : "");
            }
        }
    }

    static List<Golden> golden() {
        return List.of(
                new Golden(
                        "nodes",
                        "{'metadata':{'name':'n1','labels':{'node-role.kubernetes.io/worker':'','node-role.kubernetes.io/control-plane':''}},"
                                + "'spec':{'unschedulable':true},'status':{'conditions':[{'type':'Ready','status':'True'}],"
                                + "'addresses':[{'type':'InternalIP','address':'10.1.1.1'}],'nodeInfo':{'kubeletVersion':'v1.36.0',"
                                + "'osImage':'Debian','kernelVersion':'6.1','containerRuntimeVersion':'containerd://1.6.20'}}}",
                        "Name | Status | Roles | Age | Version | (Internal-IP) | (External-IP) | (OS-Image) | (Kernel-Version) |"
                                + " (Container-Runtime)",
                        "n1 | Ready,SchedulingDisabled | control-plane,worker | <unknown> | v1.36.0 | 10.1.1.1 | <none> | Debian"
                                + " | 6.1 | containerd://1.6.20"),
                new Golden(
                        "namespaces",
                        "{'meta','status':{'phase':'Active'}}",
                        "Name | Status | Age",
                        "x | Active | 119s"),
                new Golden(
                        "configmaps",
                        "{'meta','data':{'a':'1','b':'2'},'binaryData':{'c':''}}",
                        "Name | Data | Age",
                        "x | 3 | 119s"),
                new Golden(
                        "secrets",
                        "{'meta','type':'Opaque','data':{'a':'MQ=='}}",
                        "Name | Type | Data | Age",
                        "x | Opaque | 1 | 119s"),
                new Golden("serviceaccounts", "{'meta'}", "Name | Secrets | Age", "x | 0 | 119s"),
                new Golden(
                        "services",
                        "{'meta','spec':{'type':'NodePort','clusterIP':'10.96.0.9','clusterIPs':['10.96.0.9'],'selector':{'b':'2','a':'1'},"
                                + "'ports':[{'port':80,'nodePort':30080,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}}",
                        "Name | Type | Cluster-IP | External-IP | Port(s) | Age | (Selector)",
                        "x | NodePort | 10.96.0.9 | <none> | 80:30080/TCP,53/UDP | 119s | a=1,b=2"),
                new Golden(
                        "services",
                        "{'meta','spec':{'type':'LoadBalancer','clusterIP':'None','ports':[]}}",
                        "Name | Type | Cluster-IP | External-IP | Port(s) | Age | (Selector)",
                        "x | LoadBalancer | None | <pending> | <none> | 119s | <none>"),
                new Golden(
                        "events",
                        "{'metadata':{'name':'e'},'type':'Warning','reason':'BackOff','message':'back-off\\n','count':4,"
                                + "'involvedObject':{'kind':'Pod','name':'p','fieldPath':'spec.containers{a}'},"
                                + "'source':{'component':'kubelet','host':'n1'},"
                                + "'firstTimestamp':'2026-01-01T11:00:00Z','lastTimestamp':'2026-01-01T11:59:50Z'}",
                        "Last Seen | Type | Reason | Object | (Subobject) | (Source) | Message | (First Seen) | (Count) | (Name)",
                        "10s | Warning | BackOff | pod/p | spec.containers{a} | kubelet, n1 | back-off | 60m | 4 | e"),
                new Golden(
                        "events",
                        "{'metadata':{'name':'e'},'type':'Normal','reason':'Scheduled','message':'ok','eventTime':'2026-01-01T11:59:55.000000Z',"
                                + "'involvedObject':{'kind':'Pod','name':'p'},'reportingComponent':'default-scheduler'}",
                        "Last Seen | Type | Reason | Object | (Subobject) | (Source) | Message | (First Seen) | (Count) | (Name)",
                        "5s | Normal | Scheduled | pod/p |  | default-scheduler | ok | 5s | 1 | e"),
                new Golden(
                        "endpoints",
                        "{'meta','subsets':[{'addresses':[{'ip':'10.0.0.1'},{'ip':'10.0.0.2'}],'ports':[{'port':80},{'port':443}]}]}",
                        "Name | Endpoints | Age",
                        "x | 10.0.0.1:80,10.0.0.2:80,10.0.0.1:443 + 1 more... | 119s"),
                new Golden(
                        "endpointslices.discovery.k8s.io",
                        "{'meta','addressType':'IPv4','ports':[{'port':80}],'endpoints':[{'addresses':['10.0.0.1']}]}",
                        "Name | AddressType | Ports | Endpoints | Age",
                        "x | IPv4 | 80 | 10.0.0.1 | 119s"),
                new Golden(
                        "deployments.apps",
                        "{'meta','spec':{'replicas':3,'selector':{'matchLabels':{'app':'web'}},'template':{'spec':{'containers':"
                                + "[{'name':'a','image':'i:1'},{'name':'b','image':'j'}]}}},"
                                + "'status':{'readyReplicas':2,'updatedReplicas':3,'availableReplicas':1}}",
                        "Name | Ready | Up-to-date | Available | Age | (Containers) | (Images) | (Selector)",
                        "x | 2/3 | 3 | 1 | 119s | a,b | i:1,j | app=web"),
                new Golden(
                        "replicasets.apps",
                        "{'meta','spec':{'replicas':3,'selector':{'matchLabels':{'b':'1','a':'2'},'matchExpressions':"
                                + "[{'key':'aa','operator':'In','values':['y','x']},{'key':'c','operator':'Exists'}]}},'status':{'replicas':3}}",
                        "Name | Desired:integer | Current:integer | Ready:integer | Age | (Containers) | (Images) | (Selector)",
                        "x | 3 | 3 | 0 | 119s |  |  | a=2,aa in (x,y),b=1,c"),
                new Golden(
                        "statefulsets.apps",
                        "{'meta','spec':{'replicas':2},'status':{'readyReplicas':1}}",
                        "Name | Ready | Age | (Containers) | (Images)",
                        "x | 1/2 | 119s |  | "),
                new Golden(
                        "daemonsets.apps",
                        "{'meta','spec':{'template':{'spec':{'nodeSelector':{'a':'b'}}}},'status':{'desiredNumberScheduled':3,"
                                + "'currentNumberScheduled':2,'numberReady':1,'updatedNumberScheduled':2,'numberAvailable':1}}",
                        "Name | Desired:integer | Current:integer | Ready:integer | Up-to-date:integer | Available:integer |"
                                + " Node Selector | Age | (Containers) | (Images) |"
                                + " (Selector)",
                        "x | 3 | 2 | 1 | 2 | 1 | a=b | 119s |  |  | <none>"),
                new Golden(
                        "jobs.batch",
                        "{'meta','spec':{'completions':5},'status':{'succeeded':2,'startTime':'2026-01-01T11:58:30Z'}}",
                        "Name | Status | Completions | Duration | Age | (Containers) | (Images) | (Selector)",
                        "x | Running | 2/5 | 90s | 119s |  |  | <none>"),
                new Golden(
                        "cronjobs.batch",
                        "{'meta','spec':{'schedule':'* * * * *','suspend':false},'status':{'active':[{}]}}",
                        "Name | Schedule | Timezone | Suspend:boolean | Active:integer | Last Schedule | Age | (Containers) | (Images) |"
                                + " (Selector)",
                        "x | * * * * * | <none> | False | 1 | <none> | 119s |  |  | <none>"),
                new Golden(
                        "ingresses.networking.k8s.io",
                        "{'meta','spec':{'tls':[{}],'rules':[{'host':'a.b'},{}]},'status':{'loadBalancer':{'ingress':[{'ip':'1.2.3.4'}]}}}",
                        "Name | Class | Hosts | Address | Ports | Age",
                        "x | <none> | a.b | 1.2.3.4 | 80, 443 | 119s"),
                new Golden(
                        "networkpolicies.networking.k8s.io",
                        "{'meta','spec':{'podSelector':{}}}",
                        "Name | Pod-Selector | Age",
                        "x | <none> | 119s"),
                new Golden(
                        "controllerrevisions.apps",
                        "{'metadata':{'name':'x','ownerReferences':[{'apiVersion':'apps/v1','kind':'StatefulSet','name':'s','controller':true}]},"
                                + "'revision':7}",
                        "Name | Controller | Revision | Age",
                        "x | statefulset.apps/s | 7 | <unknown>"),
                new Golden(
                        "events.events.k8s.io",
                        "{'metadata':{'name':'e'},'type':'Normal','reason':'Pulled','note':'ok','eventTime':'2026-01-01T11:59:55Z',"
                                + "'regarding':{'kind':'Pod','name':'p'},'reportingController':'kubelet','reportingInstance':'n1',"
                                + "'series':{'count':5,'lastObservedTime':'2026-01-01T11:59:58.000000Z'}}",
                        "Last Seen | Type | Reason | Object | (Subobject) | (Source) | Message | (First Seen) | (Count) | (Name)",
                        "2s | Normal | Pulled | pod/p |  | kubelet, n1 | ok | 5s | 5 | e"),
                new Golden(
                        "persistentvolumes",
                        "{'meta','spec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteMany','ReadWriteOnce'],"
                                + "'persistentVolumeReclaimPolicy':'Retain','claimRef':{'namespace':'d','name':'c'},'storageClassName':'s'},"
                                + "'status':{'phase':'Bound'}}",
                        "Name | Capacity | Access Modes | Reclaim Policy | Status | Claim | StorageClass | VolumeAttributesClass |"
                                + " Reason | Age | (VolumeMode)",
                        "x | 1Gi | RWO,RWX | Retain | Bound | d/c | s | <unset> |  | 119s | <unset>"),
                new Golden(
                        "persistentvolumeclaims",
                        "{'meta','spec':{'volumeMode':'Filesystem'},'status':{'phase':'Pending','capacity':{'storage':'1Gi'}}}",
                        "Name | Status | Volume | Capacity | Access Modes | StorageClass | VolumeAttributesClass | Age |"
                                + " (VolumeMode)",
                        "x | Pending |  |  |  |  | <unset> | 119s | Filesystem"),
                new Golden(
                        "storageclasses.storage.k8s.io",
                        "{'metadata':{'name':'x','annotations':{'storageclass.kubernetes.io/is-default-class':'true'}},'provisioner':'p'}",
                        "Name | Provisioner | ReclaimPolicy | VolumeBindingMode | AllowVolumeExpansion | Age",
                        "x (default) | p | Delete | Immediate | false | <unknown>"),
                new Golden(
                        "leases.coordination.k8s.io",
                        "{'meta','spec':{'holderIdentity':'h'}}",
                        "Name | Holder | Age",
                        "x | h | 119s"),
                new Golden(
                        "horizontalpodautoscalers.autoscaling",
                        "{'meta','spec':{'scaleTargetRef':{'kind':'Deployment','name':'w'},'minReplicas':1,'maxReplicas':5,'metrics':"
                                + "[{'type':'Resource','resource':{'name':'cpu','target':{'type':'Utilization','averageUtilization':80}}}]}}",
                        "Name | Reference | Targets | MinPods | MaxPods | Replicas | Age",
                        "x | Deployment/w | cpu: <unknown>/80% | 1 | 5 | 0 | 119s"),
                new Golden(
                        "poddisruptionbudgets.policy",
                        "{'meta','spec':{'minAvailable':2},'status':{'disruptionsAllowed':1}}",
                        "Name | Min Available | Max Unavailable | Allowed Disruptions:integer | Age",
                        "x | 2 | N/A | 1 | 119s"),
                new Golden(
                        "rolebindings.rbac.authorization.k8s.io",
                        "{'meta','roleRef':{'kind':'Role','name':'r'},'subjects':[{'kind':'User','name':'u'},"
                                + "{'kind':'ServiceAccount','namespace':'d','name':'s'}]}",
                        "Name | Role | Age | (Users) | (Groups) | (ServiceAccounts)",
                        "x | Role/r | 119s | u |  | d/s"),
                new Golden(
                        "clusterroles.rbac.authorization.k8s.io",
                        "{'meta'}",
                        "Name | Created At:date",
                        "x | 2026-01-01T11:58:01Z"),
                new Golden(
                        "priorityclasses.scheduling.k8s.io",
                        "{'meta','value':7,'preemptionPolicy':'Never'}",
                        "Name | Value:integer | Global-Default:boolean | Age | PreemptionPolicy",
                        "x | 7 | false | 119s | Never"),
                new Golden(
                        "certificatesigningrequests.certificates.k8s.io",
                        "{'meta','spec':{'signerName':'s','username':'u','expirationSeconds':3600},"
                                + "'status':{'certificate':'QQ==','conditions':[{'type':'Approved'}]}}",
                        "Name | Age | SignerName | Requestor | RequestedDuration | Condition",
                        "x | 119s | s | u | 60m | Approved,Issued"),
                new Golden(
                        "customresourcedefinitions.apiextensions.k8s.io",
                        "{'meta'}",
                        "Name | Created At:date",
                        "x | 2026-01-01T11:58:01Z"),
                new Golden(
                        "resourcequotas",
                        "{'meta','status':{'hard':{'pods':'4','limits.cpu':'2'},'used':{'pods':'1','limits.cpu':'500m'}}}",
                        "Name | Request | Limit | Age",
                        "x | pods: 1/4 | limits.cpu: 500m/2 | 119s"),
                new Golden(
                        "pods",
                        "{'meta','spec':{'nodeName':'n1','containers':[{'name':'a'}]},'status':{'phase':'Running','podIPs':[{'ip':'10.0.0.7'}],"
                                + "'containerStatuses':[{'name':'a','ready':true,'restartCount':0,'state':{'running':{}}}]}}",
                        "Name | Ready | Status | Restarts | Age | (IP) | (Node) | (Nominated Node) | (Readiness Gates)",
                        "x | 1/1 | Running | 0 | 119s | 10.0.0.7 | n1 | <none> | <none>"),
                new Golden(
                        "podtemplates",
                        "{'meta','template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}",
                        "Name | Containers | Images | Pod Labels",
                        "x | c | i | a=b"),
                new Golden(
                        "replicationcontrollers",
                        "{'meta','spec':{'replicas':2,'selector':{'a':'b'},'template':{'spec':{'containers':[{'name':'c','image':'i'}]}}},"
                                + "'status':{'replicas':1,'readyReplicas':1}}",
                        "Name | Desired:integer | Current:integer | Ready:integer | Age | (Containers) | (Images) | (Selector)",
                        "x | 2 | 1 | 1 | 119s | c | i | a=b"),
                new Golden("limitranges", "{'meta'}", "Name | Created At:date", "x | 2026-01-01T11:58:01Z"),
                new Golden(
                        "componentstatuses",
                        "{'meta','conditions':[{'type':'Healthy','status':'False','message':'m','error':'e'}]}",
                        "Name | Status | Message | Error",
                        "x | Unhealthy | m | e"),
                new Golden(
                        "services",
                        "{'meta','spec':{'type':'ExternalName','externalName':'a.example.com'}}",
                        "Name | Type | Cluster-IP | External-IP | Port(s) | Age | (Selector)",
                        "x | ExternalName | <none> | a.example.com | <none> | 119s | <none>"),
                new Golden(
                        "endpoints",
                        "{'meta','subsets':[{'notReadyAddresses':[{'ip':'10.0.0.1'}],'ports':[{'port':80}]}]}",
                        "Name | Endpoints | Age",
                        "x |  | 119s"),
                new Golden(
                        "endpointslices.discovery.k8s.io",
                        "{'meta','addressType':'IPv4','ports':[{'name':'web'},{}],'endpoints':[{'addresses':['1','2','3']},{'addresses':['4']}]}",
                        "Name | AddressType | Ports | Endpoints | Age",
                        "x | IPv4 | web,* | 1,2,3 + 1 more... | 119s"),
                new Golden(
                        "jobs.batch",
                        "{'meta','spec':{'parallelism':3},'status':{'conditions':[{'type':'Suspended','status':'True'}]}}",
                        "Name | Status | Completions | Duration | Age | (Containers) | (Images) | (Selector)",
                        "x | Suspended | 0/1 of 3 |  | 119s |  |  | <none>"),
                new Golden(
                        "ingresses.networking.k8s.io",
                        "{'metadata':{'name':'x','annotations':{'kubernetes.io/ingress.class':'old'}},"
                                + "'spec':{'rules':[{'host':'a'},{'host':'b'},{'host':'c'},{},{'host':'d'}]}}",
                        "Name | Class | Hosts | Address | Ports | Age",
                        "x | <none> | a,b,c + 2 more... |  | 80 | <unknown>"),
                new Golden(
                        "ingressclasses.networking.k8s.io",
                        "{'meta','spec':{'controller':'c/d','parameters':{'apiGroup':'g','kind':'K','name':'n'}}}",
                        "Name | Controller | Parameters | Age",
                        "x | c/d | K.g/n | 119s"),
                new Golden(
                        "ipaddresses.networking.k8s.io",
                        "{'meta','spec':{'parentRef':{'resource':'services','namespace':'default','name':'kubernetes'}}}",
                        "Name | ParentRef | Age",
                        "x | services/default/kubernetes | 119s"),
                new Golden(
                        "servicecidrs.networking.k8s.io",
                        "{'meta','spec':{'cidrs':['10.96.0.0/12','fd00::/108']}}",
                        "Name | CIDRs | Age",
                        "x | 10.96.0.0/12,fd00::/108 | 119s"),
                new Golden(
                        "persistentvolumeclaims",
                        "{'meta','spec':{'volumeName':'v','storageClassName':'s'},'status':{'phase':'Bound','accessModes':['ReadWriteOnce']}}",
                        "Name | Status | Volume | Capacity | Access Modes | StorageClass | VolumeAttributesClass | Age |"
                                + " (VolumeMode)",
                        "x | Bound | v | 0 | RWO | s | <unset> | 119s | <unset>"),
                new Golden(
                        "volumeattachments.storage.k8s.io",
                        "{'meta','spec':{'attacher':'d','nodeName':'n','source':{'persistentVolumeName':'v'}},'status':{'attached':true}}",
                        "Name | Attacher | PV | Node | Attached:boolean | Age",
                        "x | d | v | n | true | 119s"),
                new Golden(
                        "volumeattributesclasses.storage.k8s.io",
                        "{'metadata':{'name':'x','annotations':{'storage.alpha.kubernetes.io/is-default-class':'true'}},'driverName':'d'}",
                        "Name | DriverName | Age",
                        "x (default) | d | <unknown>"),
                new Golden(
                        "csinodes.storage.k8s.io",
                        "{'meta','spec':{'drivers':[{},{}]}}",
                        "Name | Drivers:integer | Age",
                        "x | 2 | 119s"),
                new Golden(
                        "csidrivers.storage.k8s.io",
                        "{'meta','spec':{'attachRequired':false,'tokenRequests':[{'audience':'a'},{'audience':'b'}],'volumeLifecycleModes':"
                                + "['Persistent','Ephemeral']}}",
                        "Name | AttachRequired:boolean | PodInfoOnMount:boolean | StorageCapacity:boolean | TokenRequests |"
                                + " RequiresRepublish:boolean | Modes | Age",
                        "x | false | false | false | a,b | false | Persistent,Ephemeral | 119s"),
                new Golden(
                        "csistoragecapacities.storage.k8s.io",
                        "{'meta','storageClassName':'s','capacity':'1Gi'}",
                        "Name | StorageClassName | Capacity",
                        "x | s | 1Gi"),
                new Golden(
                        "horizontalpodautoscalers.autoscaling",
                        "{'meta','spec':{'scaleTargetRef':{'kind':'Deployment','name':'w'},'maxReplicas':5,'metrics':"
                                + "[{'type':'Resource','resource':{'name':'memory','target':{'type':'AverageValue','averageValue':'1Gi'}}},"
                                + "{'type':'External','external':{'target':{'type':'AverageValue','averageValue':'30'}}},"
                                + "{'type':'Pods','pods':{'target':{'averageValue':'1'}}}]},"
                                + "'status':{'currentReplicas':2,'currentMetrics':[{'type':'Resource','resource':{'current':{'averageValue':'5Mi'}}}]}}",
                        "Name | Reference | Targets | MinPods | MaxPods | Replicas | Age",
                        "x | Deployment/w | memory: 5Mi/1Gi, <unknown>/30 (avg) + 1 more... | <unset> | 5 | 2 | 119s"),
                new Golden(
                        "clusterrolebindings.rbac.authorization.k8s.io",
                        "{'meta','roleRef':{'kind':'ClusterRole','name':'r'},'subjects':[{'kind':'Group','name':'g'},{'kind':'Group','name':'h'}]}",
                        "Name | Role | Age | (Users) | (Groups) | (ServiceAccounts)",
                        "x | ClusterRole/r | 119s |  | g, h | "),
                new Golden(
                        "roles.rbac.authorization.k8s.io",
                        "{'meta'}",
                        "Name | Created At:date",
                        "x | 2026-01-01T11:58:01Z"),
                new Golden(
                        "runtimeclasses.node.k8s.io",
                        "{'meta','handler':'runsc'}",
                        "Name | Handler | Age",
                        "x | runsc | 119s"),
                new Golden(
                        "nodes.metrics.k8s.io",
                        "{'meta','usage':{'cpu':'250m','memory':'64Mi'},'window':'15.04s'}",
                        "Name | cpu | memory | Window",
                        "x | 250m | 64Mi | 15.04s"),
                new Golden(
                        "pods.metrics.k8s.io",
                        "{'meta','containers':[{'usage':{'cpu':'250m','memory':'64Mi'}},{'usage':{'cpu':'1500n','memory':'1025'}}],"
                                + "'window':'15s'}",
                        "Name | cpu | memory | Window",
                        "x | 250001500n | 67109889 | 15s"),
                new Golden(
                        "apiservices.apiregistration.k8s.io",
                        "{'meta','spec':{'service':{'namespace':'n','name':'s'}},'status':{'conditions':[{'type':'Available','status':'False','reason':'R'}]}}",
                        "Name | Service | Available | Age",
                        "x | n/s | False (R) | 119s"),
                new Golden(
                        "validatingwebhookconfigurations.admissionregistration.k8s.io",
                        "{'meta','webhooks':[{},{}]}",
                        "Name | Webhooks:integer | Age",
                        "x | 2 | 119s"),
                new Golden(
                        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
                        "{'meta'}",
                        "Name | Webhooks:integer | Age",
                        "x | 0 | 119s"),
                new Golden(
                        "validatingadmissionpolicies.admissionregistration.k8s.io",
                        "{'meta','spec':{'validations':[{}],'paramKind':{'apiVersion':'v1','kind':'ConfigMap'}}}",
                        "Name | Validations:integer | ParamKind | Age",
                        "x | 1 | v1/ConfigMap | 119s"),
                new Golden(
                        "mutatingadmissionpolicies.admissionregistration.k8s.io",
                        "{'meta','spec':{'mutations':[{}]}}",
                        "Name | Mutations:integer | ParamKind | Age",
                        "x | 1 | <unset> | 119s"),
                new Golden(
                        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
                        "{'meta','spec':{'policyName':'p','paramRef':{'name':'n'}}}",
                        "Name | PolicyName | ParamRef | Age",
                        "x | p | */n | 119s"),
                new Golden(
                        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
                        "{'meta','spec':{'policyName':'p','paramRef':{'selector':{'matchLabels':{'a':'b'},'matchExpressions':"
                                + "[{'key':'k','operator':'In','values':['v','w']}]}}}}",
                        "Name | PolicyName | ParamRef | Age",
                        "x | p | &LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{"
                                + "LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},} | 119s"),
                new Golden(
                        "flowschemas.flowcontrol.apiserver.k8s.io",
                        "{'meta','spec':{'priorityLevelConfiguration':{'name':'l'},'matchingPrecedence':100,'distinguisherMethod':{'type':'ByUser'}},"
                                + "'status':{'conditions':[{'type':'Dangling','status':'False'}]}}",
                        "Name | PriorityLevel | MatchingPrecedence | DistinguisherMethod | Age | MissingPL",
                        "x | l | 100 | ByUser | 119s | False"),
                new Golden(
                        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
                        "{'meta','spec':{'type':'Limited','limited':{'nominalConcurrencyShares':10,'limitResponse':{'queuing':"
                                + "{'queues':64,'handSize':8,'queueLengthLimit':50}}}}}",
                        "Name | Type | NominalConcurrencyShares | Queues | HandSize | QueueLengthLimit | Age",
                        "x | Limited | 10 | 64 | 8 | 50 | 119s"),
                new Golden("deviceclasses.resource.k8s.io", "{'meta'}", "Name | Age", "x | 119s"),
                new Golden("resourceclaimtemplates.resource.k8s.io", "{'meta'}", "Name | Age", "x | 119s"),
                new Golden(
                        "resourceclaims.resource.k8s.io",
                        "{'meta','status':{'allocation':{},'reservedFor':[{}]}}",
                        "Name | State | Age",
                        "x | allocated,reserved | 119s"),
                new Golden(
                        "resourceslices.resource.k8s.io",
                        "{'meta','spec':{'nodeName':'n','driver':'d','pool':{'name':'p'}}}",
                        "Name | Node | Driver | Pool | Age",
                        "x | n | d | p | 119s"));
    }
}
