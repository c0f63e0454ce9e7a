package io.mokube.apiserver.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients hear of bad objects, word by word. */
class BadInputTest {

    private static final ResourceDefinition PODS = WritePath.resource("", "pods");
    private static final ResourceDefinition DEPLOYMENTS = WritePath.resource("apps", "deployments");
    private static final ResourceDefinition SERVICES = WritePath.resource("", "services");

    private static final String POD =
            "{'metadata':{'name':'x','namespace':'default'},'spec':{'containers':[{'name':'c','image':'i'}]}}";
    private static final String DEPLOYMENT = "{'metadata':{'name':'x'},'spec':{'replicas':1,"
            + "'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},"
            + "'spec':{'containers':[{'name':'c','image':'i'}]}}}}";

    private static ApiException refused(ThrowingCallable call) {
        ApiException refusal = catchThrowableOfType(ApiException.class, call);
        assertThat(refusal).as("a refusal").isNotNull();
        return refusal;
    }

    private static ApiException createRefused(ResourceDefinition resource, String text) {
        return refused(() -> WritePath.create(resource, text));
    }

    private static String with(String template, String what, String by) {
        assertThat(template).contains(what);
        return template.replace(what, by);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "|400|the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse"
                        + " error: unexpected end of JSON input",
                "{'a':|400|couldn't get version/kind; json parse error: Unexpected end-of-input",
                "[]|400|json: cannot unmarshal array into Go value",
                "{} x|400|couldn't get version/kind; json parse error",
                "{'spec':{'nodeName':7}}|400|Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal"
                        + " number 7 into Go struct field Pod.spec.nodeName of type string",
                "{'spec':{'containers':{}}}|400|Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal"
                        + " object into Go struct field Pod.spec.containers of type []object",
                "{'spec':{'terminationGracePeriodSeconds':1.5}}|400|json: cannot unmarshal number 1.5 into Go struct"
                        + " field Pod.spec.terminationGracePeriodSeconds of type int64",
                "{'spec':{'priority':4294967296}}|400|of type int32",
                "{'spec':{'hostNetwork':'yes'}}|400|json: cannot unmarshal string into Go struct field"
                        + " Pod.spec.hostNetwork of type bool",
                "{'spec':{'containers':[{'resources':{'limits':{'cpu':'1 core'}}}]}}|400|Pod in version \"v1\" cannot be"
                        + " handled as a Pod: quantities must match the regular expression"
                        + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                "{'metadata':{'creationTimestamp':'yesterday'}}|400|parsing time \"yesterday\"",
                "{'apiVersion':'v2'}|400|the API version in the data (v2) does not match the expected API version (v1)",
                "{'kind':'Service'}|400|Service in version \"v1\" cannot be handled as a Pod",
                "{'kind':7}|400|cannot unmarshal number",
            })
    void documentsThatAreNoPods(String text, int code, String message) {
        ApiException refusal = refused(() -> WritePath.decode(PODS, text == null ? "" : text, FieldValidation.IGNORE));
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.status().message()).contains(message);
    }

    /** Those in Kubernetes' own form are seen at a glance, the others taken apart: both must know the calendar. */
    @ParameterizedTest
    @CsvSource({
        "2026-11-27T08:09:10Z, 2026-11-27T08:09:10Z",
        "2024-02-29T23:59:59Z, 2024-02-29T23:59:59Z",
        "2026-12-31T00:00:00Z, 2026-12-31T00:00:00Z",
        "2026-11-27T08:09:10.5Z, 2026-11-27T08:09:10Z",
        "2026-11-27T08:09:10+02:00, 2026-11-27T06:09:10Z",
        "2026-02-29T00:00:00Z,",
        "2026-13-01T00:00:00Z,",
        "2026-00-01T00:00:00Z,",
        "2026-01-00T00:00:00Z,",
        "2026-01-32T00:00:00Z,",
        "2026-01-01T25:00:00Z,",
        "2026-01-01T00:60:00Z,",
        "2026-01-01T00:00:61Z,",
        "2026-01-01T00:00:00X,",
        "2026-01-0/T00:00:00Z,",
        "2026x01-01T00:00:00Z,",
    })
    void times(String given, @Nullable String stored) {
        String text = "{'metadata':{'creationTimestamp':'" + given + "'}}";
        if (stored == null) {
            assertThat(refused(() -> WritePath.decode(PODS, text, FieldValidation.IGNORE))
                            .status()
                            .message())
                    .contains("parsing time \"" + given + "\"");
        } else {
            assertThat(WritePath.decode(PODS, text, FieldValidation.IGNORE)
                            .object()
                            .metadata()
                            .get("creationTimestamp")
                            .asString())
                    .isEqualTo(stored);
        }
    }

    @Test
    void unknownAndDuplicateFields() {
        String text = "{'spec':{'x':1,'nodeName':'a','nodeName':'b','containers':[{'nme':'c'}]}}";
        assertThat(refused(() -> WritePath.decode(PODS, text, FieldValidation.STRICT))
                        .status()
                        .message())
                .isEqualTo("Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field"
                        + " \"spec.x\", unknown field \"spec.containers[0].nme\", duplicate field \"spec.nodeName\"");
        StrictDecoder.Decoded warned = WritePath.decode(PODS, text, FieldValidation.WARN);
        assertThat(warned.warnings())
                .containsExactly(
                        "unknown field \"spec.x\"",
                        "unknown field \"spec.containers[0].nme\"",
                        "duplicate field \"spec.nodeName\"");
        assertThat(warned.object().root().toString())
                .isEqualTo("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{},"
                        + "\"spec\":{\"nodeName\":\"b\",\"containers\":[{}]}}");
        assertThat(WritePath.decode(PODS, text, FieldValidation.IGNORE).warnings())
                .isEmpty();
    }

    @Test
    void badOptions() {
        assertThat(refused(() -> FieldValidation.parse("strict", "CreateOptions"))
                        .status()
                        .message())
                .isEqualTo("CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"strict\":"
                        + " supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"");
        assertThat(refused(() -> FieldValidation.parseDryRun(List.of("Some"), "PatchOptions"))
                        .status()
                        .message())
                .startsWith("PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"Some\"");
        assertThat(FieldValidation.parseDryRun(List.of("All"), "PatchOptions")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'name':'x'|'name':''|Pod \"\" is invalid: metadata.name: Required value: name or generateName is required",
                "'name':'x'|'name':'X_'|metadata.name: Invalid value: \"X_\": a lowercase RFC 1123 subdomain must consist",
                "'name':'x'|'name':'x','labels':{'a b':'c'}|metadata.labels: Invalid value: \"a b\": name part must consist",
                "'name':'x'|'name':'x','labels':{'a':'-'}|metadata.labels: Invalid value: \"-\": a valid label must be an"
                        + " empty string",
                "'name':'x'|'name':'x','annotations':{'a/b/c':'-'}|metadata.annotations: Invalid value: \"a/b/c\"",
                "'name':'x'|'name':'x','finalizers':['a b']|metadata.finalizers: Invalid value: \"a b\"",
                "'name':'x'|'name':'x','ownerReferences':[{'apiVersion':'v1','kind':'A','name':'a','uid':'1',"
                        + "'controller':true},{'apiVersion':'v1','kind':'B','name':'b','uid':'2','controller':true}]|Only one"
                        + " reference can have Controller set to true. Found \"true\" in references for a and b",
                "'name':'x'|'name':'x','ownerReferences':[{'kind':'A','name':'a'}]|metadata.ownerReferences[0].uid: Invalid"
                        + " value: \"\": must not be empty",
                "[{'name':'c','image':'i'}]|[]|spec.containers: Required value",
                "'name':'c'|'name':''|spec.containers[0].name: Required value",
                "'name':'c'|'name':'C'|spec.containers[0].name: Invalid value: \"C\": a lowercase RFC 1123 label",
                "'image':'i'}|'image':'i'},{'name':'c','image':'i'}|spec.containers[1].name: Duplicate value: \"c\"",
                "'image':'i'|'image':''|Pod \"x\" is invalid: spec.containers[0].image: Required value",
                "'image':'i'|'image':'i','ports':[{'containerPort':70000}]|spec.containers[0].ports[0].containerPort:"
                        + " Invalid value: 70000: must be between 1 and 65535, inclusive",
                "'image':'i'|'image':'i','volumeMounts':[{'name':'v','mountPath':'/v'}]|spec.containers[0].volumeMounts[0]"
                        + ".name: Not found: \"v\"",
                "'image':'i'|'image':'i','imagePullPolicy':'Sometimes'|spec.containers[0].imagePullPolicy: Unsupported"
                        + " value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
                "'image':'i'|'image':'i','livenessProbe':{}|spec.containers[0].livenessProbe: Required value: must specify"
                        + " a handler type",
                "'image':'i'|'image':'i','resources':{'limits':{'cpu':'1'},'requests':{'cpu':'2'}}|"
                        + "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu"
                        + " limit of 1",
                "'image':'i'|'image':'i','env':[{'value':'v'}]|spec.containers[0].env[0].name: Required value",
                "'spec':{|'spec':{'restartPolicy':'Maybe',|spec.restartPolicy: Unsupported value: \"Maybe\": supported"
                        + " values: \"Always\", \"Never\", \"OnFailure\"",
                "'spec':{|'spec':{'activeDeadlineSeconds':0,|spec.activeDeadlineSeconds: Invalid value: 0: must be between 1"
                        + " and 2147483647, inclusive",
                "'spec':{|'spec':{'volumes':[{'name':'v','emptyDir':{},'hostPath':{'path':'/'}}],|may not specify more than"
                        + " 1 volume type",
                "'spec':{|'spec':{'volumes':[{'name':'v'},{'name':'v'}],|spec.volumes[1].name: Duplicate value: \"v\"",
            })
    void podsThatBreakRules(String what, String by, String message) {
        ApiException refusal = createRefused(PODS, with(POD, what, by));
        assertThat(refusal.status().message()).contains(message);
        assertThat(refusal.code()).isEqualTo(422);
        assertThat(refusal.reason()).isEqualTo("Invalid");
        assertThat(refusal.status().details()).isNotNull();
    }

    @Test
    void everythingWrongIsToldAtOnce() {
        ApiException refusal =
                createRefused(PODS, with(with(POD, "'image':'i'", "'image':''"), "'name':'c'", "'name':''"));
        assertThat(refusal.status().message())
                .isEqualTo("Pod \"x\" is invalid: [spec.containers[0].name: Required value,"
                        + " spec.containers[0].image: Required value]");
        assertThat(Objects.requireNonNull(refusal.status().details()).causes())
                .hasSize(2)
                .allSatisfy(cause -> {
                    assertThat(cause.reason()).isEqualTo("FieldValueRequired");
                    assertThat(cause.message()).isEqualTo("Required value");
                });
    }

    @Test
    void annotationsMayNotBeHuge() {
        String huge = "'name':'x','annotations':{'a':'" + "v".repeat(262_144) + "'}";
        assertThat(createRefused(PODS, with(POD, "'name':'x'", huge)).status().message())
                .isEqualTo("Pod \"x\" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'replicas':1|'replicas':-1|spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                "'labels':{'app':'x'}|'labels':{'app':'y'}|Deployment.apps \"x\" is invalid: spec.template.metadata.labels:"
                        + " Invalid value: {\"app\":\"y\"}: `selector` does not match template `labels`",
                "'matchLabels':{'app':'x'}|'matchLabels':{}|empty selector is invalid for deployment",
                "'replicas':1|'strategy':{'type':'Recreate','rollingUpdate':{'maxSurge':1}}|spec.strategy.rollingUpdate:"
                        + " Forbidden: may not be specified when strategy `type` is 'Recreate'",
                "'replicas':1|'strategy':{'rollingUpdate':{'maxSurge':0,'maxUnavailable':0}}|spec.strategy.rollingUpdate"
                        + ".maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
                "'spec':{'containers'|'spec':{'restartPolicy':'Never','containers'|spec.template.spec.restartPolicy:"
                        + " Unsupported value: \"Never\": supported values: \"Always\"",
            })
    void deploymentsThatBreakRules(String what, String by, String message) {
        assertThat(createRefused(DEPLOYMENTS, with(DEPLOYMENT, what, by))
                        .status()
                        .message())
                .contains(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'ports':[{'port':70000}]}|spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
                "{}|Service \"x\" is invalid: spec.ports: Required value",
                "{'ports':[{'port':1},{'port':2}]}|spec.ports[0].name: Required value",
                "{'type':'Foo','ports':[{'port':1}]}|spec.type: Unsupported value: \"Foo\": supported values: \"ClusterIP\","
                        + " \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
                "{'type':'ExternalName'}|spec.externalName: Required value",
                "{'clusterIP':'300.1.1.1','ports':[{'port':1}]}|must be a valid IP address",
            })
    void servicesThatBreakRules(String spec, String message) {
        assertThat(createRefused(SERVICES, "{'metadata':{'name':'x'},'spec':" + spec + "}")
                        .status()
                        .message())
                .contains(message);
    }

    @Test
    void immutableFields() {
        KubeObject pod = WritePath.create(PODS, POD);
        assertThat(refused(() -> WritePath.update(PODS, pod, with(POD, "'image':'i'", "'image':'j','tty':true")))
                        .status()
                        .message())
                .startsWith("Pod \"x\" is invalid: spec: Forbidden: pod updates may not change fields other than"
                        + " `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,");
        assertThat(WritePath.update(PODS, pod, with(POD, "'image':'i'", "'image':'j'"))
                        .at("spec", "containers")
                        .path(0)
                        .path("image")
                        .asString())
                .isEqualTo("j");
        assertThat(refused(() -> WritePath.update(PODS, pod, with(POD, "'name':'x'", "'name':'y'")))
                        .status()
                        .message())
                .contains("metadata.name: Invalid value: \"y\": field is immutable");

        KubeObject deployment = WritePath.create(DEPLOYMENTS, DEPLOYMENT);
        assertThat(refused(() ->
                                WritePath.update(DEPLOYMENTS, deployment, DEPLOYMENT.replace("'app':'x'", "'app':'y'")))
                        .status()
                        .message())
                .isEqualTo("Deployment.apps \"x\" is invalid: spec.selector: Invalid value:"
                        + " {\"matchLabels\":{\"app\":\"y\"}}: field is immutable");
    }

    @Test
    void noFinalizersOnTheWayOut() {
        KubeObject pod = WritePath.create(PODS, with(POD, "'name':'x'", "'name':'x','finalizers':['a.b/c']"));
        pod.setMetadata("deletionTimestamp", "2026-01-01T00:00:00Z");
        KubeObject more = pod.deepCopy();
        more.setFinalizers(List.of("a.b/c", "a.b/d"));
        assertThat(refused(() -> ObjectRules.validateUpdate(PODS, more, pod))
                        .status()
                        .message())
                .isEqualTo("Pod \"x\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the"
                        + " object is being deleted, found new finalizers []string{\"a.b/d\"}");
        KubeObject less = pod.deepCopy();
        less.setFinalizers(List.of());
        ObjectRules.validateUpdate(PODS, less, pod);
    }
}
