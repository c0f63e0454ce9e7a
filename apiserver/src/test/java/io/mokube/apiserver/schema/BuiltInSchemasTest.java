package io.mokube.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.MapSchema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import io.mokube.apiserver.schema.Schema.Reference;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import io.mokube.apiserver.schema.Schema.ScalarType;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuiltInSchemasTest {

    @ParameterizedTest
    @CsvSource(textBlock = """
                    core.v1.PodSpec,containers,MERGE,name
                    core.v1.PodSpec,initContainers,MERGE,name
                    core.v1.PodSpec,volumes,MERGE_RETAIN_KEYS,name
                    core.v1.PodSpec,imagePullSecrets,MERGE,name
                    core.v1.PodSpec,hostAliases,MERGE,ip
                    core.v1.PodSpec,topologySpreadConstraints,MERGE,topologyKey
                    core.v1.PodSpec,tolerations,REPLACE,''
                    core.v1.Container,env,MERGE,name
                    core.v1.Container,envFrom,REPLACE,''
                    core.v1.Container,ports,MERGE,containerPort
                    core.v1.Container,volumeMounts,MERGE,mountPath
                    core.v1.Container,volumeDevices,MERGE,devicePath
                    core.v1.Container,args,REPLACE,''
                    core.v1.ServiceSpec,ports,MERGE,port
                    core.v1.NodeStatus,addresses,MERGE,type
                    core.v1.NodeStatus,conditions,MERGE,type
                    core.v1.NodeSpec,taints,REPLACE,''
                    core.v1.NodeSpec,podCIDRs,MERGE,''
                    core.v1.ServiceAccount,secrets,MERGE,name
                    apps.v1.DeploymentStatus,conditions,MERGE,type
                    batch.v1.JobStatus,conditions,MERGE,type
                    """)
    void listsMergeAsKubernetesMergesThem(String type, String field, PatchStrategy strategy, String key) {
        ListSchema list = field("io.k8s.api." + type, field, ListSchema.class);

        assertThat(list.patchStrategy()).isEqualTo(strategy);
        assertThat(list.patchMergeKey()).isEqualTo(key);
    }

    @Test
    void metadataMergesOwnersByUidAndFinalizersAsASet() {
        String metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

        ListSchema owners = field(metadata, "ownerReferences", ListSchema.class);
        assertThat(owners.listType()).isEqualTo(ListType.MAP);
        assertThat(owners.patchMergeKey()).isEqualTo("uid");
        ListSchema finalizers = field(metadata, "finalizers", ListSchema.class);
        assertThat(finalizers.listType()).isEqualTo(ListType.SET);
        assertThat(finalizers.patchStrategy()).isEqualTo(PatchStrategy.MERGE);
    }

    @Test
    void aDeploymentsStrategyRetainsKeysOnlyWhereTheFieldSaysSo() {
        Reference strategy = field("io.k8s.api.apps.v1.DeploymentSpec", "strategy", Reference.class);

        assertThat(((ObjectSchema) strategy.resolved()).patchStrategy()).isEqualTo(PatchStrategy.RETAIN_KEYS);
        assertThat(object("io.k8s.api.apps.v1.DeploymentStrategy").patchStrategy())
                .isEqualTo(PatchStrategy.MERGE);
    }

    @Test
    void aFieldMayHaveOwnersForThePartsOfATypeThatIsWholeElsewhere() {
        Reference claim = field("io.k8s.api.core.v1.PersistentVolumeSpec", "claimRef", Reference.class);

        assertThat(((ObjectSchema) claim.resolved()).atomic()).isFalse();
        assertThat(object("io.k8s.api.core.v1.ObjectReference").atomic()).isTrue();
    }

    @Test
    void listTypesMapsAndScalarsAreKnown() {
        String container = "io.k8s.api.core.v1.Container";
        ListSchema ports = field(container, "ports", ListSchema.class);
        assertThat(ports.mapKeys()).isEqualTo(List.of("containerPort", "protocol"));
        assertThat(object(container).required()).containsExactly("name");

        ObjectSchema port = (ObjectSchema) ports.items().resolved();
        assertThat(port.required()).containsExactly("containerPort");
        ScalarSchema protocol = field("io.k8s.api.core.v1.ContainerPort", "protocol", ScalarSchema.class);
        assertThat(protocol.allowed()).containsExactly("SCTP", "TCP", "UDP");
        assertThat(protocol.defaultValue()).hasToString("\"TCP\"");

        MapSchema limits = field("io.k8s.api.core.v1.ResourceRequirements", "limits", MapSchema.class);
        assertThat(((ScalarSchema) limits.values()).type()).isEqualTo(ScalarType.QUANTITY);
        assertThat(field("io.k8s.api.core.v1.PodSpec", "nodeSelector", MapSchema.class)
                        .atomic())
                .isTrue();
        assertThat(scalar("io.k8s.api.core.v1.ServicePort", "targetPort")).isEqualTo(ScalarType.INT_OR_STRING);
        assertThat(scalar("io.k8s.api.coordination.v1.LeaseSpec", "renewTime")).isEqualTo(ScalarType.MICRO_TIME);
        assertThat(scalar("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "creationTimestamp"))
                .isEqualTo(ScalarType.TIME);
    }

    @Test
    void descriptionsComeOnlyWhenAskedFor() {
        BuiltInSchemas described = BuiltInSchemas.described();
        Schema lean = BuiltInSchemas.lean().of(new GroupVersionKind("", "v1", "Pod"));
        Schema pod = described.of(new GroupVersionKind("", "v1", "Pod"));
        ObjectSchema spec =
                (ObjectSchema) described.find("io.k8s.api.core.v1.PodSpec").orElseThrow();

        assertThat(lean.description()).isEmpty();
        assertThat(pod.description()).startsWith("Pod is a collection of containers");
        assertThat(Objects.requireNonNull(spec.properties().get("containers")).description())
                .startsWith("List of containers belonging to the pod.");
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        Set<String> seen = new HashSet<>();
        for (String each :
                List.of("core.v1", "apps.v1", "batch.v1", "autoscaling.v2", "networking.v1", "resource.v1")) {
            BuiltInSchemas.lean().inPackage("io.k8s.api." + each).values().forEach(schema -> visit(schema, seen));
        }
        assertThat(seen).contains("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "io.k8s.api.core.v1.Affinity");
    }

    private static void visit(Schema schema, Set<String> seen) {
        switch (schema) {
            case ObjectSchema object -> object.properties().values().forEach(each -> visit(each, seen));
            case MapSchema map -> visit(map.values(), seen);
            case ListSchema list -> visit(list.items(), seen);
            case Reference reference -> {
                if (seen.add(reference.name())) {
                    visit(reference.resolved(), seen);
                }
            }
            case ScalarSchema scalar -> assertThat(scalar.type()).isNotNull();
            case Schema.AnySchema any -> assertThat(any.nullable()).isFalse();
        }
    }

    private static ScalarType scalar(String type, String field) {
        return field(type, field, ScalarSchema.class).type();
    }

    private static <T extends Schema> T field(String type, String field, Class<T> schema) {
        return schema.cast(Objects.requireNonNull(object(type).properties().get(field)));
    }

    private static ObjectSchema object(String name) {
        return (ObjectSchema) BuiltInSchemas.lean().find(name).orElseThrow();
    }
}
