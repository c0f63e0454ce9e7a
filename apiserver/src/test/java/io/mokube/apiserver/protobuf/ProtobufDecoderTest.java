package io.mokube.apiserver.protobuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.kubernetes.client.proto.IntStr.IntOrString;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Meta.ObjectMeta;
import io.kubernetes.client.proto.Resource.Quantity;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Apiextensions;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Coordination;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ProtobufDecoderTest {

    @Test
    void aDeploymentReadsAsItsJson() {
        Message deployment = V1Apps.Deployment.newBuilder()
                .setMetadata(ObjectMeta.newBuilder()
                        .setName("web")
                        .setNamespace("")
                        .setGenerateName("")
                        .setGeneration(0)
                        .setCreationTimestamp(Meta.Time.getDefaultInstance())
                        .putLabels("app", "web"))
                .setSpec(V1Apps.DeploymentSpec.newBuilder()
                        .setReplicas(0)
                        .setMinReadySeconds(0)
                        .setPaused(false)
                        .setSelector(Meta.LabelSelector.newBuilder().putMatchLabels("app", "web"))
                        .setStrategy(V1Apps.DeploymentStrategy.newBuilder().setType(""))
                        .setTemplate(V1.PodTemplateSpec.newBuilder()
                                .setSpec(V1.PodSpec.newBuilder()
                                        .setHostNetwork(false)
                                        .setTerminationGracePeriodSeconds(0)
                                        .addContainers(V1.Container.newBuilder()
                                                .setName("a")
                                                .setImage("nginx")
                                                .setStdin(false)
                                                .addPorts(V1.ContainerPort.newBuilder()
                                                        .setContainerPort(80)
                                                        .setHostPort(0)
                                                        .setProtocol("TCP"))
                                                .setResources(V1.ResourceRequirements.newBuilder()
                                                        .putLimits(
                                                                "cpu",
                                                                Quantity.newBuilder()
                                                                        .setString("500m")
                                                                        .build()))
                                                .setLivenessProbe(V1.Probe.newBuilder()
                                                        .setPeriodSeconds(0)
                                                        .setHandler(V1.ProbeHandler.newBuilder()
                                                                .setHttpGet(V1.HTTPGetAction.newBuilder()
                                                                        .setPath("/")
                                                                        .setPort(IntOrString.newBuilder()
                                                                                .setType(1)
                                                                                .setStrVal("http"))))))
                                        .addVolumes(V1.Volume.newBuilder()
                                                .setName("v")
                                                .setVolumeSource(V1.VolumeSource.newBuilder()
                                                        .setEmptyDir(V1.EmptyDirVolumeSource.getDefaultInstance()))))))
                .setStatus(V1Apps.DeploymentStatus.newBuilder().setReplicas(0))
                .build();

        assertDecodes("apps/v1", "Deployment", deployment, """
                {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","labels":{"app":"web"}},
                 "spec":{"replicas":0,"selector":{"matchLabels":{"app":"web"}},"strategy":{},
                  "template":{"spec":{"terminationGracePeriodSeconds":0,
                   "volumes":[{"name":"v","emptyDir":{}}],
                   "containers":[{"name":"a","image":"nginx","ports":[{"containerPort":80,"protocol":"TCP"}],
                    "resources":{"limits":{"cpu":"500m"}},
                    "livenessProbe":{"httpGet":{"path":"/","port":"http"}}}]}}},
                 "status":{}}
                """);
    }

    @Test
    void secretsCarryBytesAsBase64() {
        assertDecodes(
                "v1",
                "Secret",
                V1.Secret.newBuilder()
                        .setType("helm.sh/release.v1")
                        .putData("release", ByteString.copyFromUtf8("hello"))
                        .putData("empty", ByteString.EMPTY)
                        .setImmutable(false)
                        .build(),
                "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"release\":\"aGVsbG8=\",\"empty\":\"\"},"
                        + "\"type\":\"helm.sh/release.v1\",\"immutable\":false}");
    }

    @Test
    void reviewsKeepTheirListsInsideMaps() {
        assertDecodes(
                "authorization.k8s.io/v1",
                "SubjectAccessReview",
                V1Authorization.SubjectAccessReview.newBuilder()
                        .setSpec(V1Authorization.SubjectAccessReviewSpec.newBuilder()
                                .setUser("u")
                                .putExtra(
                                        "scopes",
                                        V1Authorization.ExtraValue.newBuilder()
                                                .addItems("a")
                                                .addItems("b")
                                                .build())
                                .setResourceAttributes(V1Authorization.ResourceAttributes.newBuilder()
                                        .setVerb("list")
                                        .setResource("pods")))
                        .setStatus(V1Authorization.SubjectAccessReviewStatus.newBuilder()
                                .setAllowed(false)
                                .setDenied(false))
                        .build(),
                "{\"kind\":\"SubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\",\"spec\":{\"user\":\"u\","
                        + "\"extra\":{\"scopes\":[\"a\",\"b\"]},\"resourceAttributes\":{\"verb\":\"list\",\"resource\":\"pods\"}},"
                        + "\"status\":{\"allowed\":false}}");
        assertDecodes(
                "authentication.k8s.io/v1",
                "TokenRequest",
                V1Authentication.TokenRequest.newBuilder()
                        .setSpec(V1Authentication.TokenRequestSpec.newBuilder().setExpirationSeconds(600))
                        .build(),
                "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":{\"expirationSeconds\":600}}");
    }

    @Test
    void timesAreWrittenAsGoWritesThem() {
        assertDecodes(
                "coordination.k8s.io/v1",
                "Lease",
                V1Coordination.Lease.newBuilder()
                        .setMetadata(ObjectMeta.newBuilder()
                                .setCreationTimestamp(Meta.Time.newBuilder()
                                        .setSeconds(1_700_000_000L)
                                        .setNanos(5)))
                        .setSpec(V1Coordination.LeaseSpec.newBuilder()
                                .setHolderIdentity("h")
                                .setRenewTime(Meta.MicroTime.newBuilder()
                                        .setSeconds(1_700_000_000L)
                                        .setNanos(123_456_000)))
                        .build(),
                "{\"kind\":\"Lease\",\"apiVersion\":\"coordination.k8s.io/v1\",\"metadata\":{\"creationTimestamp\":"
                        + "\"2023-11-14T22:13:20Z\"},\"spec\":{\"holderIdentity\":\"h\",\"renewTime\":\"2023-11-14T22:13:20.123456Z\"}}");
    }

    @Test
    void optionsBelongToEveryGroupVersion() {
        Message options = Meta.DeleteOptions.newBuilder()
                .setGracePeriodSeconds(0)
                .setPropagationPolicy("Foreground")
                .addDryRun("All")
                .setPreconditions(Meta.Preconditions.newBuilder().setUid("u"))
                .build();

        assertDecodes(
                "apps/v1",
                "DeleteOptions",
                options,
                "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"apps/v1\",\"gracePeriodSeconds\":0,\"preconditions\":{\"uid\":\"u\"},"
                        + "\"propagationPolicy\":\"Foreground\",\"dryRun\":[\"All\"]}");
    }

    @Test
    void customResourceDefinitionsKeepTheirSchemas() {
        V1Apiextensions.JSONSchemaProps schema = V1Apiextensions.JSONSchemaProps.newBuilder()
                .setType("object")
                .setXKubernetesPreserveUnknownFields(true)
                .setXKubernetesIntOrString(false)
                .setNullable(false)
                .setDefault(V1Apiextensions.JSON.newBuilder().setRaw(ByteString.copyFromUtf8("{\"a\":[1,null]}")))
                .setAdditionalProperties(
                        V1Apiextensions.JSONSchemaPropsOrBool.newBuilder().setAllows(false))
                .putProperties(
                        "list",
                        V1Apiextensions.JSONSchemaProps.newBuilder()
                                .setMinimum(0)
                                .setItems(V1Apiextensions.JSONSchemaPropsOrArray.newBuilder()
                                        .setSchema(V1Apiextensions.JSONSchemaProps.newBuilder()
                                                .setType("string")))
                                .build())
                .build();

        JsonNode decoded = decode(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                V1Apiextensions.CustomResourceDefinition.newBuilder()
                        .setSpec(V1Apiextensions.CustomResourceDefinitionSpec.newBuilder()
                                .addVersions(V1Apiextensions.CustomResourceDefinitionVersion.newBuilder()
                                        .setName("v1")
                                        .setServed(false)
                                        .setSchema(V1Apiextensions.CustomResourceValidation.newBuilder()
                                                .setOpenAPIV3Schema(schema))))
                        .build());

        assertThat(decoded.at("/spec/versions/0/served").booleanValue()).isFalse();
        assertThat(decoded.at("/spec/versions/0/schema/openAPIV3Schema"))
                .isEqualTo(Json.MAPPER.readTree("{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,"
                        + "\"default\":{\"a\":[1,null]},\"additionalProperties\":false,"
                        + "\"properties\":{\"list\":{\"minimum\":0.0,\"items\":{\"type\":\"string\"}}}}"));
    }

    @Test
    void fieldsThatAreUnknownAreSkipped() throws IOException {
        ByteArrayOutputStream pod = new ByteArrayOutputStream();
        CodedOutputStream output = CodedOutputStream.newInstance(pod);
        output.writeString(999, "from the future");
        output.writeMessage(1, ObjectMeta.newBuilder().setName("p").build());
        output.flush();

        assertThat(ProtobufDecoder.decode(envelope("v1", "Pod", pod.toByteArray()), null))
                .isEqualTo(
                        Json.MAPPER.readTree("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\"}}"));
    }

    @Test
    void aBodyWithoutKindIsOfTheExpectedOne() {
        byte[] body = envelope("", "", V1.Namespace.getDefaultInstance().toByteArray());

        assertThat(ProtobufDecoder.decode(body, new GroupVersionKind("", "v1", "Namespace")))
                .hasToString("{\"kind\":\"Namespace\",\"apiVersion\":\"v1\"}");
        assertThatThrownBy(() -> ProtobufDecoder.decode(body, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("missing");
    }

    @Test
    void whatIsNoBodySaysWhy() {
        assertThatThrownBy(() -> ProtobufDecoder.decode("{}".getBytes(StandardCharsets.UTF_8), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not appear to be a protobuf message");
        assertThatThrownBy(() -> ProtobufDecoder.decode(envelope("v1", "Nothing", new byte[0]), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no kind \"Nothing\" is registered for version \"v1\" in protobuf");
        assertThatThrownBy(() -> ProtobufDecoder.decode(envelope("v1", "Pod", new byte[] {10, 99}), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("malformed protobuf");
        byte[] noJson = V1Apiextensions.JSON
                .newBuilder()
                .setRaw(ByteString.copyFromUtf8("{"))
                .build()
                .toByteArray();
        byte[] revision = V1Apps.ControllerRevision.newBuilder()
                .setData(Runtime.RawExtension.newBuilder().setRaw(ByteString.copyFrom(noJson)))
                .build()
                .toByteArray();
        assertThatThrownBy(() -> ProtobufDecoder.decode(envelope("apps/v1", "ControllerRevision", revision), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("holds no JSON");
    }

    @Test
    void nestingAndNumberOfValuesAreBounded() throws IOException {
        int not = V1Apiextensions.JSONSchemaProps.getDescriptor()
                .findFieldByName("not")
                .getNumber();
        byte[] nested = {};
        for (int i = 0; i < 200; i++) {
            ByteArrayOutputStream level = new ByteArrayOutputStream();
            CodedOutputStream output = CodedOutputStream.newInstance(level);
            output.writeByteArray(not, nested);
            output.flush();
            nested = level.toByteArray();
        }
        byte[] deep = nested;
        assertThatThrownBy(() ->
                        ProtobufDecoder.decode(envelope("apiextensions.k8s.io/v1", "JSONSchemaProps", deep), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nested too deeply");

        byte[] many = new byte[2 * 600_000];
        for (int i = 0; i < many.length; i += 2) {
            // PodList.items, empty
            many[i] = 2 << 3 | 2;
        }
        assertThatThrownBy(() -> ProtobufDecoder.decode(envelope("v1", "PodList", many), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("more than");
    }

    @Property(tries = 500)
    void damagedBodiesAreRefusedOrRead(@ForAll int seed) {
        Random random = new Random(seed);
        byte[] body = envelope(
                "v1",
                "Pod",
                V1.Pod.newBuilder()
                        .setMetadata(ObjectMeta.newBuilder().setName("p").putLabels("a", "b"))
                        .setSpec(V1.PodSpec.newBuilder()
                                .addContainers(V1.Container.newBuilder()
                                        .setName("c")
                                        .setResources(V1.ResourceRequirements.newBuilder()
                                                .putLimits(
                                                        "cpu",
                                                        Quantity.newBuilder()
                                                                .setString("1")
                                                                .build()))))
                        .build()
                        .toByteArray());
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            body[4 + random.nextInt(body.length - 4)] = (byte) random.nextInt(256);
        }
        byte[] damaged = Arrays.copyOf(body, 4 + random.nextInt(body.length - 3));
        try {
            assertThat(ProtobufDecoder.decode(damaged, null)).isNotNull();
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageMatching("(?s).+");
        }
    }

    private static void assertDecodes(String apiVersion, String kind, Message message, String json) {
        assertThat(decode(apiVersion, kind, message)).isEqualTo(Json.MAPPER.readTree(json));
    }

    private static JsonNode decode(String apiVersion, String kind, Message message) {
        // Through text, so that numbers compare by value and not by Java type.
        byte[] body = envelope(apiVersion, kind, message.toByteArray());
        return Json.MAPPER.readTree(ProtobufDecoder.decode(body, null).toString());
    }

    private static byte[] envelope(String apiVersion, String kind, byte[] raw) {
        byte[] unknown = Runtime.Unknown.newBuilder()
                .setTypeMeta(
                        Runtime.TypeMeta.newBuilder().setApiVersion(apiVersion).setKind(kind))
                .setRaw(ByteString.copyFrom(raw))
                .setContentEncoding("")
                .setContentType("")
                .build()
                .toByteArray();
        byte[] body = new byte[4 + unknown.length];
        System.arraycopy(new byte[] {'k', '8', 's', 0}, 0, body, 0, 4);
        System.arraycopy(unknown, 0, body, 4, unknown.length);
        return body;
    }
}
