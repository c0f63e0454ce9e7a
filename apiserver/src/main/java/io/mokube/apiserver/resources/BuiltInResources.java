package io.mokube.apiserver.resources;

import static io.mokube.apiserver.resources.DefinitionBuilder.clusterScoped;
import static io.mokube.apiserver.resources.DefinitionBuilder.namespaced;

import io.mokube.apiserver.table.ConvertedTable;
import io.mokube.apiserver.table.CoreTables;
import io.mokube.apiserver.table.MetricsTables;
import io.mokube.apiserver.table.NetworkTables;
import io.mokube.apiserver.table.PodTable;
import io.mokube.apiserver.table.PolicyTables;
import io.mokube.apiserver.table.StorageTables;
import io.mokube.apiserver.table.WorkloadTables;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every built-in resource that kube-apiserver 1.36 serves by default, in the order in which it lists groups, and those of
 * Kubernetes' metrics-server, which is part of this server. What needs
 * more than names stands in classes of its own: tables in {@code table}, strategies in {@code resources.strategy},
 * conversions beside this class.
 */
public final class BuiltInResources {

    private static final GroupVersion CORE = new GroupVersion("", "v1");
    private static final GroupVersion API_REGISTRATION = new GroupVersion("apiregistration.k8s.io", "v1");
    private static final GroupVersion APPS = new GroupVersion("apps", "v1");
    private static final GroupVersion EVENTS = new GroupVersion("events.k8s.io", "v1");
    private static final GroupVersion AUTHENTICATION = new GroupVersion("authentication.k8s.io", "v1");
    private static final GroupVersion AUTHORIZATION = new GroupVersion("authorization.k8s.io", "v1");
    private static final GroupVersion AUTOSCALING = new GroupVersion("autoscaling", "v2");
    private static final GroupVersion BATCH = new GroupVersion("batch", "v1");
    private static final GroupVersion CERTIFICATES = new GroupVersion("certificates.k8s.io", "v1");
    private static final GroupVersion NETWORKING = new GroupVersion("networking.k8s.io", "v1");
    private static final GroupVersion POLICY = new GroupVersion("policy", "v1");
    private static final GroupVersion RBAC = new GroupVersion("rbac.authorization.k8s.io", "v1");
    private static final GroupVersion STORAGE = new GroupVersion("storage.k8s.io", "v1");
    private static final GroupVersion ADMISSION = new GroupVersion("admissionregistration.k8s.io", "v1");
    private static final GroupVersion API_EXTENSIONS = new GroupVersion("apiextensions.k8s.io", "v1");
    private static final GroupVersion SCHEDULING = new GroupVersion("scheduling.k8s.io", "v1");
    private static final GroupVersion COORDINATION = new GroupVersion("coordination.k8s.io", "v1");
    private static final GroupVersion NODE = new GroupVersion("node.k8s.io", "v1");
    private static final GroupVersion DISCOVERY = new GroupVersion("discovery.k8s.io", "v1");
    private static final GroupVersion DEVICES = new GroupVersion("resource.k8s.io", "v1");
    private static final GroupVersion FLOW_CONTROL = new GroupVersion("flowcontrol.apiserver.k8s.io", "v1");

    private static final GroupVersion METRICS = new GroupVersion("metrics.k8s.io", "v1beta1");

    private static final String[] PROXY_VERBS = {"create", "delete", "get", "patch", "update"};

    private static final List<ResourceDefinition> ALL = Stream.of(
                    core(),
                    apiRegistration(),
                    apps(),
                    events(),
                    authentication(),
                    authorization(),
                    autoscaling(),
                    batch(),
                    certificates(),
                    networking(),
                    policy(),
                    rbac(),
                    storage(),
                    admissionRegistration(),
                    apiExtensions(),
                    scheduling(),
                    coordination(),
                    node(),
                    discovery(),
                    devices(),
                    flowControl(),
                    metrics())
            .flatMap(List::stream)
            .map(DefinitionBuilder::build)
            .toList();

    private BuiltInResources() {}

    /** The list. */
    public static List<ResourceDefinition> all() {
        return ALL;
    }

    private static List<DefinitionBuilder> core() {
        return List.of(
                namespaced(CORE, "bindings", "Binding").verbs("create"),
                clusterScoped(CORE, "componentstatuses", "ComponentStatus")
                        .table(CoreTables.COMPONENT_STATUSES)
                        .shortNames("cs")
                        .verbs("get", "list"),
                namespaced(CORE, "configmaps", "ConfigMap")
                        .table(CoreTables.CONFIG_MAPS)
                        .shortNames("cm"),
                namespaced(CORE, "endpoints", "Endpoints")
                        .table(NetworkTables.ENDPOINTS)
                        .shortNames("ep"),
                namespaced(CORE, "events", "Event").table(CoreTables.EVENTS).shortNames("ev"),
                namespaced(CORE, "limitranges", "LimitRange")
                        .table(CoreTables.LIMIT_RANGES)
                        .shortNames("limits"),
                clusterScoped(CORE, "namespaces", "Namespace")
                        .table(CoreTables.NAMESPACES)
                        .shortNames("ns")
                        .verbs("create", "delete", "get", "list", "patch", "update", "watch")
                        .subresource("finalize", "Namespace", "update")
                        .status(),
                clusterScoped(CORE, "nodes", "Node")
                        .table(CoreTables.NODES)
                        .shortNames("no")
                        .subresource("proxy", "NodeProxyOptions", PROXY_VERBS)
                        .status(),
                namespaced(CORE, "persistentvolumeclaims", "PersistentVolumeClaim")
                        .table(StorageTables.PERSISTENT_VOLUME_CLAIMS)
                        .shortNames("pvc")
                        .status(),
                clusterScoped(CORE, "persistentvolumes", "PersistentVolume")
                        .table(StorageTables.PERSISTENT_VOLUMES)
                        .shortNames("pv")
                        .status(),
                namespaced(CORE, "pods", "Pod")
                        .table(new PodTable())
                        .shortNames("po")
                        .categories("all")
                        .subresource("attach", "PodAttachOptions", "create", "get")
                        .subresource("binding", "Binding", "create")
                        .ownSubresource("ephemeralcontainers")
                        .subresource("eviction", new GroupVersionKind("policy", "v1", "Eviction"), "create")
                        .subresource("exec", "PodExecOptions", "create", "get")
                        .subresource("log", "Pod", "get")
                        .subresource("portforward", "PodPortForwardOptions", "create", "get")
                        .subresource("proxy", "PodProxyOptions", PROXY_VERBS)
                        .ownSubresource("resize")
                        .status(),
                namespaced(CORE, "podtemplates", "PodTemplate").table(WorkloadTables.POD_TEMPLATES),
                namespaced(CORE, "replicationcontrollers", "ReplicationController")
                        .table(WorkloadTables.REPLICATION_CONTROLLERS)
                        .shortNames("rc")
                        .categories("all")
                        .scale()
                        .status(),
                namespaced(CORE, "resourcequotas", "ResourceQuota")
                        .table(CoreTables.RESOURCE_QUOTAS)
                        .shortNames("quota")
                        .status(),
                namespaced(CORE, "secrets", "Secret").table(CoreTables.SECRETS),
                namespaced(CORE, "serviceaccounts", "ServiceAccount")
                        .table(CoreTables.SERVICE_ACCOUNTS)
                        .shortNames("sa")
                        .subresource(
                                "token", new GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest"), "create"),
                namespaced(CORE, "services", "Service")
                        .table(NetworkTables.SERVICES)
                        .shortNames("svc")
                        .categories("all")
                        .subresource("proxy", "ServiceProxyOptions", PROXY_VERBS)
                        .status());
    }

    private static List<DefinitionBuilder> apiRegistration() {
        return List.of(clusterScoped(API_REGISTRATION, "apiservices", "APIService")
                .table(PolicyTables.API_SERVICES)
                .categories("api-extensions")
                .status());
    }

    private static List<DefinitionBuilder> apps() {
        return List.of(
                namespaced(APPS, "controllerrevisions", "ControllerRevision")
                        .table(WorkloadTables.CONTROLLER_REVISIONS),
                namespaced(APPS, "daemonsets", "DaemonSet")
                        .table(WorkloadTables.DAEMON_SETS)
                        .shortNames("ds")
                        .categories("all")
                        .status(),
                namespaced(APPS, "deployments", "Deployment")
                        .table(WorkloadTables.DEPLOYMENTS)
                        .shortNames("deploy")
                        .categories("all")
                        .scale()
                        .status(),
                namespaced(APPS, "replicasets", "ReplicaSet")
                        .table(WorkloadTables.REPLICA_SETS)
                        .shortNames("rs")
                        .categories("all")
                        .scale()
                        .status(),
                namespaced(APPS, "statefulsets", "StatefulSet")
                        .table(WorkloadTables.STATEFUL_SETS)
                        .shortNames("sts")
                        .categories("all")
                        .scale()
                        .status());
    }

    private static List<DefinitionBuilder> events() {
        return List.of(namespaced(EVENTS, "events", "Event")
                .table(new ConvertedTable(CoreTables.EVENTS, EventConversion.INSTANCE::toStorage))
                .storedAs(new GroupResource("", "events"), EventConversion.INSTANCE)
                .shortNames("ev"));
    }

    private static List<DefinitionBuilder> authentication() {
        return List.of(
                clusterScoped(AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview")
                        .verbs("create"),
                clusterScoped(AUTHENTICATION, "tokenreviews", "TokenReview").verbs("create"));
    }

    private static List<DefinitionBuilder> authorization() {
        return List.of(
                namespaced(AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview")
                        .verbs("create"),
                clusterScoped(AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview")
                        .verbs("create"),
                clusterScoped(AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview")
                        .verbs("create"),
                clusterScoped(AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview")
                        .verbs("create"));
    }

    private static List<DefinitionBuilder> autoscaling() {
        return List.of(namespaced(AUTOSCALING, "horizontalpodautoscalers", "HorizontalPodAutoscaler")
                .table(PolicyTables.AUTOSCALERS)
                .alsoServed(
                        "v1",
                        new ConvertedTable(PolicyTables.AUTOSCALERS, AutoscalerConversion.INSTANCE::toStorage),
                        AutoscalerConversion.INSTANCE)
                .shortNames("hpa")
                .categories("all")
                .status());
    }

    private static List<DefinitionBuilder> batch() {
        return List.of(
                namespaced(BATCH, "cronjobs", "CronJob")
                        .table(WorkloadTables.CRON_JOBS)
                        .shortNames("cj")
                        .categories("all")
                        .status(),
                namespaced(BATCH, "jobs", "Job")
                        .table(WorkloadTables.JOBS)
                        .categories("all")
                        .status());
    }

    private static List<DefinitionBuilder> certificates() {
        return List.of(clusterScoped(CERTIFICATES, "certificatesigningrequests", "CertificateSigningRequest")
                .table(PolicyTables.CERTIFICATE_SIGNING_REQUESTS)
                .shortNames("csr")
                .ownSubresource("approval")
                .status());
    }

    private static List<DefinitionBuilder> networking() {
        return List.of(
                clusterScoped(NETWORKING, "ingressclasses", "IngressClass").table(NetworkTables.INGRESS_CLASSES),
                namespaced(NETWORKING, "ingresses", "Ingress")
                        .table(NetworkTables.INGRESSES)
                        .shortNames("ing")
                        .status(),
                clusterScoped(NETWORKING, "ipaddresses", "IPAddress")
                        .table(NetworkTables.IP_ADDRESSES)
                        .shortNames("ip"),
                namespaced(NETWORKING, "networkpolicies", "NetworkPolicy")
                        .table(NetworkTables.NETWORK_POLICIES)
                        .shortNames("netpol"),
                clusterScoped(NETWORKING, "servicecidrs", "ServiceCIDR")
                        .table(NetworkTables.SERVICE_CIDRS)
                        .status());
    }

    private static List<DefinitionBuilder> policy() {
        return List.of(namespaced(POLICY, "poddisruptionbudgets", "PodDisruptionBudget")
                .table(PolicyTables.DISRUPTION_BUDGETS)
                .shortNames("pdb")
                .status());
    }

    private static List<DefinitionBuilder> rbac() {
        return List.of(
                clusterScoped(RBAC, "clusterrolebindings", "ClusterRoleBinding").table(PolicyTables.ROLE_BINDINGS),
                clusterScoped(RBAC, "clusterroles", "ClusterRole").table(PolicyTables.ROLES),
                namespaced(RBAC, "rolebindings", "RoleBinding").table(PolicyTables.ROLE_BINDINGS),
                namespaced(RBAC, "roles", "Role").table(PolicyTables.ROLES));
    }

    private static List<DefinitionBuilder> storage() {
        return List.of(
                clusterScoped(STORAGE, "csidrivers", "CSIDriver").table(StorageTables.CSI_DRIVERS),
                clusterScoped(STORAGE, "csinodes", "CSINode").table(StorageTables.CSI_NODES),
                namespaced(STORAGE, "csistoragecapacities", "CSIStorageCapacity")
                        .table(StorageTables.CSI_STORAGE_CAPACITIES),
                clusterScoped(STORAGE, "storageclasses", "StorageClass")
                        .table(StorageTables.STORAGE_CLASSES)
                        .shortNames("sc"),
                clusterScoped(STORAGE, "volumeattachments", "VolumeAttachment")
                        .table(StorageTables.VOLUME_ATTACHMENTS)
                        .status(),
                clusterScoped(STORAGE, "volumeattributesclasses", "VolumeAttributesClass")
                        .table(StorageTables.VOLUME_ATTRIBUTES_CLASSES)
                        .shortNames("vac"));
    }

    private static List<DefinitionBuilder> admissionRegistration() {
        return Stream.of(
                        clusterScoped(ADMISSION, "mutatingadmissionpolicies", "MutatingAdmissionPolicy")
                                .table(PolicyTables.MUTATING_POLICIES),
                        clusterScoped(ADMISSION, "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding")
                                .table(PolicyTables.POLICY_BINDINGS),
                        clusterScoped(ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration")
                                .table(PolicyTables.WEBHOOK_CONFIGURATIONS),
                        clusterScoped(ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy")
                                .table(PolicyTables.VALIDATING_POLICIES)
                                .status(),
                        clusterScoped(
                                        ADMISSION,
                                        "validatingadmissionpolicybindings",
                                        "ValidatingAdmissionPolicyBinding")
                                .table(PolicyTables.POLICY_BINDINGS),
                        clusterScoped(ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
                                .table(PolicyTables.WEBHOOK_CONFIGURATIONS))
                .map(each -> each.categories("api-extensions"))
                .toList();
    }

    private static List<DefinitionBuilder> apiExtensions() {
        return List.of(clusterScoped(API_EXTENSIONS, "customresourcedefinitions", "CustomResourceDefinition")
                .table(PolicyTables.CUSTOM_RESOURCE_DEFINITIONS)
                .shortNames("crd", "crds")
                .categories("api-extensions")
                .status());
    }

    private static List<DefinitionBuilder> scheduling() {
        return List.of(clusterScoped(SCHEDULING, "priorityclasses", "PriorityClass")
                .table(PolicyTables.PRIORITY_CLASSES)
                .shortNames("pc"));
    }

    private static List<DefinitionBuilder> coordination() {
        return List.of(namespaced(COORDINATION, "leases", "Lease").table(PolicyTables.LEASES));
    }

    private static List<DefinitionBuilder> node() {
        return List.of(clusterScoped(NODE, "runtimeclasses", "RuntimeClass").table(PolicyTables.RUNTIME_CLASSES));
    }

    private static List<DefinitionBuilder> discovery() {
        return List.of(namespaced(DISCOVERY, "endpointslices", "EndpointSlice").table(NetworkTables.ENDPOINT_SLICES));
    }

    private static List<DefinitionBuilder> devices() {
        return List.of(
                clusterScoped(DEVICES, "deviceclasses", "DeviceClass").table(StorageTables.DEVICES),
                namespaced(DEVICES, "resourceclaims", "ResourceClaim")
                        .table(StorageTables.RESOURCE_CLAIMS)
                        .status(),
                namespaced(DEVICES, "resourceclaimtemplates", "ResourceClaimTemplate")
                        .table(StorageTables.DEVICES),
                clusterScoped(DEVICES, "resourceslices", "ResourceSlice").table(StorageTables.RESOURCE_SLICES));
    }

    private static List<DefinitionBuilder> flowControl() {
        return List.of(
                clusterScoped(FLOW_CONTROL, "flowschemas", "FlowSchema")
                        .table(PolicyTables.FLOW_SCHEMAS)
                        .status(),
                clusterScoped(FLOW_CONTROL, "prioritylevelconfigurations", "PriorityLevelConfiguration")
                        .table(PolicyTables.PRIORITY_LEVELS)
                        .status());
    }

    /** Measured when somebody asks, never stored. */
    private static List<DefinitionBuilder> metrics() {
        return List.of(
                clusterScoped(METRICS, "nodes", "NodeMetrics")
                        .table(MetricsTables.NODES)
                        .verbs("get", "list"),
                namespaced(METRICS, "pods", "PodMetrics")
                        .table(MetricsTables.PODS)
                        .verbs("get", "list"));
    }
}
