package io.mokube.apiserver.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.flowcontrol.FlowPolicy.Place;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlowPolicyTest {

    private static final DefaultFlows DEFAULTS = DefaultFlows.read();

    @ParameterizedTest(name = "{0} {2} {3} {4}")
    @CsvSource(
            delimiter = '|',
            value = {
                "admin|system:masters|delete|pods|default|exempt|exempt|",
                "system:kube-controller-manager||update|leases|kube-system|system-leader-election|leader-election|"
                        + "system:kube-controller-manager",
                "system:kube-controller-manager||update|endpoints|default|endpoint-controller|workload-high|"
                        + "system:kube-controller-manager",
                "system:kube-controller-manager||create|pods|shop|kube-controller-manager|workload-high|shop",
                "system:kube-scheduler||create|pods/binding|shop|kube-scheduler|workload-high|shop",
                "system:node:a|system:nodes|patch|nodes/status||system-node-high|node-high|system:node:a",
                "system:node:a|system:nodes|update|leases|kube-node-lease|system-node-high|node-high|system:node:a",
                "system:node:a|system:nodes|list|pods||system-nodes|system|system:node:a",
                "system:serviceaccount:kube-system:dns|system:serviceaccounts|update|configmaps|x|workload-leader-election|"
                        + "leader-election|system:serviceaccount:kube-system:dns",
                "system:serviceaccount:kube-system:dns|system:serviceaccounts|list|services|x|kube-system-service-accounts|"
                        + "workload-high|x",
                "system:serviceaccount:kube-systems:dns|system:serviceaccounts|list|services|x|service-accounts|workload-low|"
                        + "system:serviceaccount:kube-systems:dns",
                "jane|system:authenticated|list|pods|default|global-default|global-default|jane",
                "stranger||list|pods|default|catch-all|catch-all|stranger",
            })
    void everyRequestHasItsPlace(
            String user,
            String group,
            String verb,
            String resource,
            String namespace,
            String schema,
            String level,
            String flow) {
        List<String> groups = group == null ? List.of() : List.of(group);
        String[] parts = resource.split("/", 2);
        String apiGroup = parts[0].equals("leases") ? "coordination.k8s.io" : "";
        Attributes asked = new Attributes(
                verb,
                apiGroup,
                "v1",
                parts[0],
                parts.length > 1 ? parts[1] : "",
                namespace == null ? "" : namespace,
                "",
                "",
                "");
        Place place = new FlowPolicy(schemas(), levels(), DEFAULTS).placeOf(new User(user, groups), asked);
        assertThat(place.schema().name()).isEqualTo(schema);
        assertThat(place.level().name()).isEqualTo(level);
        assertThat(place.flow()).isEqualTo(flow == null ? "" : flow);
    }

    @ParameterizedTest
    @CsvSource({
        "get,/healthz,probes",
        "get,/healthz/etcd,global-default",
        "post,/healthz,global-default",
        "get,/,global-default"
    })
    void probesAreNeverRefused(String verb, String path, String schema) {
        Place place = new FlowPolicy(schemas(), levels(), DEFAULTS)
                .placeOf(
                        new User(User.ANONYMOUS, List.of(User.UNAUTHENTICATED)),
                        new Attributes(verb, "", "", "", "", "", "", "", path));
        assertThat(place.schema().name()).isEqualTo(schema);
    }

    @Test
    void aSchemaWithoutItsLevelIsPassedOver() {
        KubeObject own = schema("own", 300, "missing");
        List<FlowSchema> schemas = new ArrayList<>(schemas());
        schemas.add(FlowSchema.of(own));
        User jane = new User("jane", List.of(User.AUTHENTICATED));
        Attributes asked = Attributes.ofResource("get", "", "pods", "default", "a");
        assertThat(new FlowPolicy(schemas, levels(), DEFAULTS)
                        .placeOf(jane, asked)
                        .schema()
                        .name())
                .isEqualTo("global-default");

        List<PriorityLevel> levels = new ArrayList<>(levels());
        levels.add(new PriorityLevel(
                "missing", "u", false, 10, 0, java.util.OptionalInt.empty(), java.util.Optional.empty()));
        assertThat(new FlowPolicy(schemas, levels, DEFAULTS)
                        .placeOf(jane, asked)
                        .schema()
                        .name())
                .isEqualTo("own");
    }

    @Test
    void whatMustBeThereIsThereThoughNothingIsStored() {
        FlowPolicy bare = new FlowPolicy(List.of(), List.of(), DEFAULTS);
        Attributes asked = Attributes.ofResource("get", "", "pods", "default", "a");
        assertThat(bare.placeOf(new User("root", List.of(User.SYSTEM_MASTERS)), asked)
                        .level()
                        .exempt())
                .isTrue();
        assertThat(bare.placeOf(new User("jane", List.of(User.AUTHENTICATED)), asked)
                        .level()
                        .name())
                .isEqualTo("catch-all");
    }

    private static List<FlowSchema> schemas() {
        return DEFAULTS.objects().stream()
                .filter(object -> object.kind().equals("FlowSchema"))
                .map(FlowSchema::of)
                .toList();
    }

    private static List<PriorityLevel> levels() {
        return DEFAULTS.objects().stream()
                .filter(object -> object.kind().equals("PriorityLevelConfiguration"))
                .map(PriorityLevel::of)
                .toList();
    }

    private static KubeObject schema(String name, int precedence, String level) {
        return KubeObject.parse(("{'kind':'FlowSchema','metadata':{'name':'" + name + "'},'spec':{'matchingPrecedence':"
                        + precedence
                        + ",'priorityLevelConfiguration':{'name':'" + level + "'},'rules':[{'subjects':[{'kind':'User',"
                        + "'user':{'name':'*'}}],'resourceRules':[{'verbs':['*'],'apiGroups':['*'],'resources':['*'],"
                        + "'namespaces':['*']}]}]}}")
                .replace('\'', '"')
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
}
