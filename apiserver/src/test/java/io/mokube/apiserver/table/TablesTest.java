package io.mokube.apiserver.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.names.GroupResource;
import java.util.ArrayList;
import java.util.List;
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
            columns.add(column.priority() == 0 ? column.name() : "(" + column.name() + ")");
        }
        assertThat(String.join(" | ", columns)).isEqualTo(golden.columns);
        String object = golden.object.replace(
                "'meta'", "\"metadata\":{\"name\":\"x\",\"creationTimestamp\":\"2026-01-01T11:58:01Z\"}");
        assertThat(String.join(" | ", TableCells.of(table, object.replace('\'', '"'), NOW)))
                .isEqualTo(golden.row);
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
                        "Name | Desired | Current | Ready | Age | (Containers) | (Images) | (Selector)",
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
                        "Name | Desired | Current | Ready | Up-to-date | Available | Node Selector | Age | (Containers) | (Images) |"
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
                        "Name | Schedule | Timezone | Suspend | Active | Last Schedule | Age | (Containers) | (Images) | (Selector)",
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
                        "Name | Min Available | Max Unavailable | Allowed Disruptions | Age",
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
                        "Name | Created At",
                        "x | 2026-01-01T11:58:01Z"),
                new Golden(
                        "priorityclasses.scheduling.k8s.io",
                        "{'meta','value':7,'preemptionPolicy':'Never'}",
                        "Name | Value | Global-Default | Age | PreemptionPolicy",
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
                        "Name | Created At",
                        "x | 2026-01-01T11:58:01Z"),
                new Golden(
                        "resourcequotas",
                        "{'meta','status':{'hard':{'pods':'4','limits.cpu':'2'},'used':{'pods':'1','limits.cpu':'500m'}}}",
                        "Name | Request | Limit | Age",
                        "x | pods: 1/4 | limits.cpu: 500m/2 | 119s"));
    }
}
