package io.mokube.apiserver.protobuf;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which zeros on the wire mean nothing.
 *
 * <p>Kubernetes' encoder writes every field that is no pointer in its Go types, zero or not, and every pointer that is
 * set. So a zero number, a false or an empty text says something only where the Go type has a pointer: {@code replicas:
 * 0} is a wish, {@code hostPort: 0} is silence. The descriptors don't tell the two apart; these tables do. What stands
 * in neither is kept when it is a number or a truth value (a zero that is wrongly kept is seen; one that is wrongly
 * dropped turns into a default) and dropped when it is a text (texts are hardly ever pointers).
 */
final class ZeroValues {

    /** Numbers and truth values that are no pointers: message, then fields. */
    private static final Map<String, Set<String>> SILENT_NUMBERS = table("""
            admissionregistration.v1.ValidatingAdmissionPolicyStatus observedGeneration
            apps.v1.DaemonSetSpec minReadySeconds
            apps.v1.DaemonSetStatus numberAvailable numberUnavailable observedGeneration updatedNumberScheduled
            apps.v1.DeploymentSpec minReadySeconds paused
            apps.v1.DeploymentStatus availableReplicas observedGeneration readyReplicas replicas unavailableReplicas
            apps.v1.DeploymentStatus updatedReplicas
            apps.v1.ReplicaSetSpec minReadySeconds
            apps.v1.ReplicaSetStatus availableReplicas fullyLabeledReplicas observedGeneration readyReplicas
            apps.v1.StatefulSetSpec minReadySeconds
            apps.v1.StatefulSetStatus availableReplicas currentReplicas observedGeneration readyReplicas updatedReplicas
            authentication.v1.TokenReviewStatus authenticated
            authorization.v1.SubjectAccessReviewStatus denied
            autoscaling.v2.HorizontalPodAutoscalerStatus currentReplicas
            batch.v1.JobStatus active failed succeeded
            core.v1.AWSElasticBlockStoreVolumeSource partition readOnly
            core.v1.AzureFilePersistentVolumeSource readOnly
            core.v1.AzureFileVolumeSource readOnly
            core.v1.CSIPersistentVolumeSource readOnly
            core.v1.CephFSPersistentVolumeSource readOnly
            core.v1.CephFSVolumeSource readOnly
            core.v1.CinderPersistentVolumeSource readOnly
            core.v1.CinderVolumeSource readOnly
            core.v1.Container stdin stdinOnce tty
            core.v1.ContainerImage sizeBytes
            core.v1.ContainerPort hostPort
            core.v1.ContainerStateTerminated signal
            core.v1.EphemeralContainerCommon stdin stdinOnce tty
            core.v1.Event count
            core.v1.EventSeries count
            core.v1.FCVolumeSource readOnly
            core.v1.FlexPersistentVolumeSource readOnly
            core.v1.FlexVolumeSource readOnly
            core.v1.GCEPersistentDiskVolumeSource partition readOnly
            core.v1.GlusterfsVolumeSource readOnly
            core.v1.ISCSIPersistentVolumeSource chapAuthDiscovery chapAuthSession readOnly
            core.v1.ISCSIVolumeSource chapAuthDiscovery chapAuthSession readOnly
            core.v1.NFSVolumeSource readOnly
            core.v1.NodeSpec unschedulable
            core.v1.PersistentVolumeClaimVolumeSource readOnly
            core.v1.PodCondition observedGeneration
            core.v1.PodSpec hostIPC hostNetwork hostPID
            core.v1.PodStatus observedGeneration
            core.v1.PortworxVolumeSource readOnly
            core.v1.Probe failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds
            core.v1.QuobyteVolumeSource readOnly
            core.v1.RBDPersistentVolumeSource readOnly
            core.v1.RBDVolumeSource readOnly
            core.v1.ReplicationControllerSpec minReadySeconds
            core.v1.ReplicationControllerStatus availableReplicas fullyLabeledReplicas observedGeneration readyReplicas
            core.v1.ScaleIOPersistentVolumeSource readOnly sslEnabled
            core.v1.ScaleIOVolumeSource readOnly sslEnabled
            core.v1.ServicePort nodePort
            core.v1.ServiceSpec healthCheckNodePort publishNotReadyAddresses
            core.v1.StorageOSPersistentVolumeSource readOnly
            core.v1.StorageOSVolumeSource readOnly
            core.v1.VolumeMount readOnly
            core.v1.VolumeMountStatus readOnly
            events.v1.Event deprecatedCount
            flowcontrol.v1.FlowSchemaSpec matchingPrecedence
            flowcontrol.v1.QueuingConfiguration handSize queueLengthLimit queues
            flowcontrol.v1.ResourcePolicyRule clusterScope
            networking.v1.ServiceBackendPort number
            policy.v1.PodDisruptionBudgetStatus observedGeneration
            resource.v1.DeviceSubRequest count
            resource.v1.ExactDeviceRequest count
            scheduling.v1.PriorityClass globalDefault
            apiextensions.v1.CustomResourceColumnDefinition priority
            apiextensions.v1.CustomResourceDefinitionCondition observedGeneration
            apiextensions.v1.CustomResourceDefinitionSpec preserveUnknownFields
            apiextensions.v1.CustomResourceDefinitionStatus observedGeneration
            apiextensions.v1.CustomResourceDefinitionVersion deprecated
            apiextensions.v1.JSONSchemaProps exclusiveMaximum exclusiveMinimum nullable uniqueItems
            apiextensions.v1.JSONSchemaProps x-kubernetes-embedded-resource x-kubernetes-int-or-string
            meta.v1.Condition observedGeneration
            meta.v1.ObjectMeta generation
            meta.v1.Status code
            meta.v1.StatusDetails retryAfterSeconds
            """);

    /** Texts that are pointers and mean something when empty. */
    private static final Map<String, Set<String>> TELLING_TEXTS = table("""
            core.v1.PersistentVolumeClaimSpec storageClassName volumeAttributesClassName
            discovery.v1.EndpointPort appProtocol name
            storage.v1.VolumeAttachmentSource persistentVolumeName
            """);

    private ZeroValues() {}

    static boolean isSilentNumber(String definition, String field) {
        return contains(SILENT_NUMBERS, definition, field);
    }

    static boolean isTellingText(String definition, String field) {
        return contains(TELLING_TEXTS, definition, field);
    }

    /** All entries, {@code message field}, for the test that finds misspelt ones. */
    static Set<String> entries() {
        Set<String> entries = new HashSet<>();
        SILENT_NUMBERS.forEach((message, fields) -> fields.forEach(field -> entries.add(message + " " + field)));
        TELLING_TEXTS.forEach((message, fields) -> fields.forEach(field -> entries.add(message + " " + field)));
        return entries;
    }

    private static boolean contains(Map<String, Set<String>> table, String definition, String field) {
        // The last three words of a definition's name are group, version and type.
        int dot = definition.lastIndexOf('.', definition.lastIndexOf('.', definition.lastIndexOf('.') - 1) - 1);
        Set<String> fields = table.get(definition.substring(dot + 1));
        return fields != null && fields.contains(field);
    }

    private static Map<String, Set<String>> table(String lines) {
        Map<String, Set<String>> table = new HashMap<>();
        for (String line : lines.lines().toList()) {
            String[] words = line.split(" ");
            for (int i = 1; i < words.length; i++) {
                table.computeIfAbsent(words[0], ignored -> new HashSet<>()).add(words[i]);
            }
        }
        return table;
    }
}
