package io.mokube.apiserver.authz;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.machinery.object.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyRuleTest {

    /** Rules as {@code verbs groups resources names}, questions as {@code verb group resource[/sub] name}; - is empty. */
    @ParameterizedTest
    @CsvSource({
        "get core pods -, get core pods -, true",
        "get core pods -, get core pods a, true",
        "get core pods -, list core pods -, false",
        "get core pods -, get apps pods -, false",
        "get core pods -, get core pods/log a, false",
        "get core pods/log -, get core pods/log a, true",
        "get core pods/log -, get core pods a, false",
        "* core pods -, delete core pods a, true",
        "get * pods -, get apps pods a, true",
        "get core * -, get core pods/log a, true",
        "get core */scale -, get core pods/scale a, true",
        "get core */scale -, get core scale a, false",
        "get core */scale -, get core pods/status a, false",
        "get core pods/* -, get core pods/log a, false",
        "get core pods a, get core pods a, true",
        "get core pods a, get core pods b, false",
        "get core pods a, get core pods -, false",
        "list core pods a, list core pods -, false",
        "create core pods a, create core pods -, false",
        "'get,list apps,core pods,nodes -', 'list core nodes -', true",
        "get core podslog -, get core pods/log a, false",
    })
    void resources(String rule, String question, boolean allowed) {
        assertThat(rule(rule).allows(asked(question))).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({
        "/healthz, /healthz, true",
        "/healthz, /healthz/etcd, false",
        "/healthz/*, /healthz/etcd, true",
        "/healthz*, /healthz, true",
        "/apis/*, /apis, false",
        "*, /metrics, true",
        "/a, /b, false",
    })
    void paths(String rule, String path, boolean allowed) {
        Attributes asked = new Attributes("get", "", "", "", "", "", "", "", path);
        PolicyRule allows = new PolicyRule(List.of("get"), List.of(), List.of(), List.of(), List.of(rule));
        assertThat(allows.allows(asked)).isEqualTo(allowed);
        assertThat(rule("* * * -").allows(asked)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "get,list core pods -|get core pods -|",
                "get core pods -|get,list core pods -|[{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}]",
                "* * * -|* * * -|",
                "get core pods -|* core pods -|[{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"*\"]}]",
                "get core */scale -|get core pods/scale -|",
                "get core * -|get core pods/log -|",
                "get core pods a|get core pods -|[{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\"]}]",
                "get core pods -|get core pods a,b|",
                "get core pods a|get core pods a,b|[{APIGroups:[\"\"], Resources:[\"pods\"], ResourceNames:[\"b\"],"
                        + " Verbs:[\"get\"]}]",
                "get apps pods -|delete,create core,apps pods -|[{APIGroups:[\"\"], Resources:[\"pods\"],"
                        + " Verbs:[\"create\" \"delete\"]}, {APIGroups:[\"apps\"], Resources:[\"pods\"],"
                        + " Verbs:[\"create\" \"delete\"]}]",
            })
    void whatIsMissing(String held, String wanted, String missing) {
        List<PolicyRule> compact = PolicyRule.compact(PolicyRule.missing(List.of(rule(held)), List.of(rule(wanted))));
        assertThat(compact.isEmpty() ? "" : compact.toString()).isEqualTo(missing == null ? "" : missing);
    }

    @Test
    void readsAndWritesRules() {
        String json = """
                [{"apiGroups":["a"],"resourceNames":["n"],"resources":["r"],"verbs":["v"]},
                 {"nonResourceURLs":["/p"],"verbs":["get"]}]
                """;
        List<PolicyRule> rules = PolicyRule.all(Json.MAPPER.readTree(json));
        var written = Json.MAPPER.createArrayNode();
        rules.forEach(rule -> rule.writeTo(written.addObject()));
        assertThat((Object) written).isEqualTo(Json.MAPPER.readTree(json));
    }

    private static List<String> words(String text) {
        return text.equals("-")
                ? List.of()
                : List.of(text.split(",")).stream()
                        .map(word -> word.equals("core") ? "" : word)
                        .toList();
    }

    private static PolicyRule rule(String text) {
        String[] parts = text.split(" ");
        return new PolicyRule(words(parts[0]), words(parts[1]), words(parts[2]), words(parts[3]), List.of());
    }

    private static Attributes asked(String text) {
        String[] parts = text.split(" ");
        String[] resource = parts[2].split("/");
        return new Attributes(
                parts[0],
                parts[1].equals("core") ? "" : parts[1],
                "v1",
                resource[0],
                resource.length > 1 ? resource[1] : "",
                "n",
                parts[3].equals("-") ? "" : parts[3],
                "",
                "");
    }
}
