package io.mokube.apiserver.resources.strategy;

import static java.util.Map.entry;

import io.mokube.apiserver.crd.DefinitionStrategy;
import io.mokube.apiserver.resources.ResourceStrategy;
import java.util.Map;

/** The strategies of the built-in resources, in one list. */
public final class Strategies {

    /** For resources with a spec and a status and nothing particular. */
    private static final ResourceStrategy SPEC_STATUS = new SpecStatusStrategy();

    private static final ResourceStrategy NO_GENERATION = new NoGenerationStrategy();

    private static final Map<String, ResourceStrategy> BY_RESOURCE = Map.ofEntries(
            entry("configmaps", new ConfigMapStrategy()),
            entry("endpoints", new EndpointsStrategy()),
            entry("events", new EventStrategy()),
            entry("events.events.k8s.io", new EventStrategy()),
            entry("limitranges", new LimitRangeStrategy()),
            entry("namespaces", new NamespaceStrategy()),
            entry("nodes", new NodeStrategy()),
            entry("persistentvolumeclaims", new VolumeClaimStrategy()),
            entry("persistentvolumes", new VolumeStrategy()),
            entry("pods", new PodStrategy()),
            entry("podtemplates", new PodTemplateStrategy()),
            entry("replicationcontrollers", new ReplicationControllerStrategy()),
            entry("resourcequotas", new ResourceQuotaStrategy()),
            entry("secrets", new SecretStrategy()),
            entry("serviceaccounts", NO_GENERATION),
            entry("services", new ServiceStrategy()),
            entry("controllerrevisions.apps", new ControllerRevisionStrategy()),
            entry("customresourcedefinitions.apiextensions.k8s.io", new DefinitionStrategy()),
            entry("daemonsets.apps", new DaemonSetStrategy()),
            entry("deployments.apps", new DeploymentStrategy()),
            entry("replicasets.apps", new ReplicaSetStrategy()),
            entry("statefulsets.apps", new StatefulSetStrategy()),
            entry("apiservices.apiregistration.k8s.io", new ApiServiceStrategy()),
            entry("horizontalpodautoscalers.autoscaling", new AutoscalerStrategy()),
            entry("mutatingwebhookconfigurations.admissionregistration.k8s.io", new WebhookConfigurationStrategy(true)),
            entry(
                    "validatingwebhookconfigurations.admissionregistration.k8s.io",
                    new WebhookConfigurationStrategy(false)),
            entry("mutatingadmissionpolicies.admissionregistration.k8s.io", new MutatingPolicyStrategy()),
            entry("mutatingadmissionpolicybindings.admissionregistration.k8s.io", new PolicyBindingStrategy(false)),
            entry("validatingadmissionpolicies.admissionregistration.k8s.io", new PolicyStrategy()),
            entry("validatingadmissionpolicybindings.admissionregistration.k8s.io", new PolicyBindingStrategy(true)),
            entry("cronjobs.batch", new CronJobStrategy()),
            entry("jobs.batch", new JobStrategy()),
            entry("certificatesigningrequests.certificates.k8s.io", new CertificateRequestStrategy()),
            entry("leases.coordination.k8s.io", new LeaseStrategy()),
            entry("endpointslices.discovery.k8s.io", new EndpointSliceStrategy()),
            entry("flowschemas.flowcontrol.apiserver.k8s.io", new FlowSchemaStrategy()),
            entry("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", new PriorityLevelStrategy()),
            entry("ingressclasses.networking.k8s.io", new IngressClassStrategy()),
            entry("ipaddresses.networking.k8s.io", new IpAddressStrategy()),
            entry("servicecidrs.networking.k8s.io", new ServiceCidrStrategy()),
            entry("ingresses.networking.k8s.io", new IngressStrategy()),
            entry("networkpolicies.networking.k8s.io", new NetworkPolicyStrategy()),
            entry("runtimeclasses.node.k8s.io", new RuntimeClassStrategy()),
            entry("poddisruptionbudgets.policy", new DisruptionBudgetStrategy()),
            entry("clusterrolebindings.rbac.authorization.k8s.io", new RoleBindingStrategy(false)),
            entry("clusterroles.rbac.authorization.k8s.io", new RoleStrategy(false)),
            entry("rolebindings.rbac.authorization.k8s.io", new RoleBindingStrategy(true)),
            entry("roles.rbac.authorization.k8s.io", new RoleStrategy(true)),
            entry("priorityclasses.scheduling.k8s.io", new PriorityClassStrategy()),
            entry("csinodes.storage.k8s.io", NO_GENERATION),
            entry("csistoragecapacities.storage.k8s.io", NO_GENERATION),
            entry("storageclasses.storage.k8s.io", new StorageClassStrategy()),
            entry("volumeattachments.storage.k8s.io", new VolumeAttachmentStrategy()),
            entry("volumeattributesclasses.storage.k8s.io", new FrozenStrategy("driverName", "parameters")),
            entry("csidrivers.storage.k8s.io", new CsiDriverStrategy()),
            entry("resourceclaims.resource.k8s.io", new FrozenStrategy("spec")),
            entry("resourceclaimtemplates.resource.k8s.io", new FrozenStrategy("spec")));

    private Strategies() {}

    /** The strategy of a built-in resource. */
    public static ResourceStrategy forResource(String group, String plural) {
        String key = group.isEmpty() ? plural : plural + "." + group;
        return BY_RESOURCE.getOrDefault(key, SPEC_STATUS);
    }
}
