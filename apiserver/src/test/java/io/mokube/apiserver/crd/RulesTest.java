package io.mokube.apiserver.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.validation.DocumentReader;
import io.mokube.apiserver.validation.DocumentSyntax;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** What schemas and rules may say, and what they say of objects. */
class RulesTest {

    private static JsonNode yaml(String text) {
        try {
            return DocumentReader.read(text.getBytes(StandardCharsets.UTF_8), DocumentSyntax.YAML)
                    .tree();
        } catch (io.mokube.apiserver.validation.MalformedInputException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private static List<String> lines(List<FieldError> errors) {
        return errors.stream().map(FieldError::toString).toList();
    }

    private record BadSchema(String name, String properties, String... errors) {}

    @TestFactory
    Stream<DynamicTest> refusesSchemasThatAreNotStructural() {
        return Stream.of(
                        new BadSchema(
                                "no type",
                                "a: {}",
                                "s.properties[a].type: Required value: must not be empty for specified object fields"),
                        new BadSchema(
                                "array without items",
                                "a: {type: array}",
                                "s.properties[a].items: Required value: must be specified"),
                        new BadSchema(
                                "two kinds of properties",
                                "a: {type: object, properties: {b: {type: string}}, additionalProperties: {type: string}}",
                                "s.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual"
                                        + " exclusive"),
                        new BadSchema(
                                "type in a junctor",
                                "a: {type: string, anyOf: [{type: string}]}",
                                "s.properties[a].anyOf[0].type: Forbidden: must be empty to be structural"),
                        new BadSchema(
                                "unknown field in a junctor",
                                "a: {type: object, oneOf: [{properties: {b: {minimum: 1}}}]}",
                                "s.properties[a].properties[b]: Required value: because it is defined in s.properties[a] in a junctor"),
                        new BadSchema(
                                "reference",
                                "a: {type: object, $ref: x}",
                                "s.properties[a].$ref: Forbidden: $ref is not supported"),
                        new BadSchema(
                                "map list without keys",
                                "a: {type: array, items: {type: object}, x-kubernetes-list-type: map}",
                                "s.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if"
                                        + " x-kubernetes-list-type is map"),
                        new BadSchema(
                                "map list with optional keys",
                                "a: {type: array, items: {type: object, properties: {k: {type: string}}}, x-kubernetes-list-type: map,"
                                        + " x-kubernetes-list-map-keys: [k]}",
                                "s.properties[a].items.properties[k].default: Required value: this property is in"
                                        + " x-kubernetes-list-map-keys, so it must have a default or be a required property"),
                        new BadSchema(
                                "wrong default",
                                "a: {type: integer, default: x}",
                                "s.properties[a].default: Invalid value: \"string\": s.properties[a].default in body must be of type"
                                        + " integer: \"string\""),
                        new BadSchema(
                                "unknown field in a default",
                                "a: {type: object, default: {x: 1}, properties: {b: {type: integer}}}",
                                "s.properties[a].default: Invalid value: {\"x\":1}: must not have unknown fields"),
                        new BadSchema(
                                "restricted metadata",
                                "metadata: {type: object, properties: {labels: {type: object}}}",
                                "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but"
                                        + " metadata is implicitly specified"),
                        new BadSchema(
                                "type and int-or-string",
                                "a: {type: string, x-kubernetes-int-or-string: true}",
                                "s.properties[a].type: Invalid value: \"string\": must be empty if x-kubernetes-int-or-string is true"),
                        new BadSchema(
                                "unknown type",
                                "a: {type: text}",
                                "s.properties[a].type: Unsupported value: \"text\": supported values: \"array\","
                                        + " \"boolean\", \"integer\", \"number\", \"object\", \"string\""))
                .map(each -> DynamicTest.dynamicTest(each.name(), () -> {
                    List<FieldError> errors = new ArrayList<>();
                    StructuralRules.validate(
                            yaml("{type: object, properties: {" + each.properties() + "}}"), "s", false, errors);
                    assertThat(lines(errors)).containsExactly(each.errors());
                }));
    }

    private static final String FIELDS = """
            a: {type: string}
            n: {type: integer}
            d: {type: number}
            list: {type: array, items: {type: integer}}
            named: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: string}, v: {type: integer}}}}
            map: {type: object, additionalProperties: {type: string}}
            at: {type: string, format: date-time}
            every: {type: string, format: duration}
            port: {x-kubernetes-int-or-string: true}
            dash-ed: {type: string}
            namespace: {type: string}
            nested: {type: object, properties: {x: {type: integer}}}
            """;

    private static JsonNode schema(String rule) {
        return yaml("type: object\nx-kubernetes-validations: [" + rule + "]\nproperties:\n  "
                + FIELDS.replace("\n", "\n  ").stripTrailing());
    }

    private record BadRule(String rule, String path, String... parts) {}

    @TestFactory
    Stream<DynamicTest> refusesRulesThatDoNotCompile() {
        return Stream.of(
                        new BadRule(
                                "{rule: \"self.none == 1\"}",
                                "rule",
                                "compilation failed: ERROR: <input>:1:5: undefined field 'none'\n | self.none == 1\n | ....^"),
                        new BadRule("{rule: \"self.a == 1\"}", "rule", "found no matching overload for '_==_'"),
                        new BadRule("{rule: \"self.a\"}", "rule", "must evaluate to a bool"),
                        new BadRule("{rule: \"self.a ==\"}", "rule", "compilation failed: ERROR: <input>:1:10:"),
                        new BadRule("{rule: \" \"}", "rule", "rule is not specified"),
                        new BadRule(
                                "{rule: \"true\", messageExpression: \"1\"}",
                                "messageExpression",
                                "must evaluate to string"),
                        new BadRule(
                                "{rule: \"true\", fieldPath: .none}", "fieldPath", "does not refer to a valid field"),
                        new BadRule("{rule: \"true\", reason: Because}", "reason", "Unsupported value: \"Because\""),
                        new BadRule(
                                "{rule: \"true\", optionalOldSelf: true}",
                                "optionalOldSelf",
                                "may not be set if oldSelf is not used"))
                .map(each -> DynamicTest.dynamicTest(each.rule(), () -> {
                    List<FieldError> errors = new ArrayList<>();
                    CustomRules.check(StructuralSchema.parse(schema(each.rule())), "s", errors);
                    assertThat(errors).hasSize(1);
                    assertThat(errors.getFirst().field()).isEqualTo("s.x-kubernetes-validations[0]." + each.path());
                    assertThat(errors.getFirst().message()).contains(each.parts());
                }));
    }

    private record Case(String rule, String object, boolean holds) {}

    @TestFactory
    Stream<DynamicTest> asksRules() {
        return Stream.of(
                        new Case("self.a.startsWith('x')", "{a: xy}", true),
                        new Case("self.n + 1 < 3 && self.d > self.n", "{n: 1, d: 1.5}", true),
                        new Case("self.d == 2.0", "{d: 2}", true),
                        new Case("has(self.a)", "{n: 1}", false),
                        new Case("!has(self.nested) || self.nested.x > 2", "{nested: {x: 2}}", false),
                        new Case("self.list.all(i, i > 0) && self.list.exists_one(i, i == 2)", "{list: [1, 2]}", true),
                        new Case(
                                "self.list.sum() == 6 && self.list.max() == 3 && self.list.min() == 1 && self.list.isSorted()",
                                "{list: [1, 2, 3]}",
                                true),
                        new Case("self.list.indexOf(2) == 1 && self.list.lastIndexOf(5) == -1", "{list: [1, 2]}", true),
                        new Case(
                                "self.named.filter(i, i.k == 'b').map(i, i.v)[0] == 2",
                                "{named: [{k: a, v: 1}, {k: b, v: 2}]}",
                                true),
                        new Case("self.map.all(k, k in ['x', 'y'])", "{map: {x: '1', z: '2'}}", false),
                        new Case("self.map['x'] == '1' && size(self.map) == 1", "{map: {x: '1'}}", true),
                        new Case(
                                "self.at > timestamp('2020-01-01T00:00:00Z') && self.at.getFullYear() == 2021",
                                "{at: '2021-05-01T00:00:00Z'}",
                                true),
                        new Case("self.every > duration('1m')", "{every: 1m30s}", true),
                        new Case(
                                "type(self.port) == string ? self.port == 'http' : self.port == 80",
                                "{port: 80}",
                                true),
                        new Case(
                                "self.dash__dash__ed == 'x' && self.__namespace__ == 'y'",
                                "{dash-ed: x, namespace: y}",
                                true),
                        new Case(
                                "quantity(self.a).isLessThan(quantity('1Gi')) && isQuantity(self.a)",
                                "{a: 500Mi}",
                                true),
                        new Case(
                                "quantity(self.a).add(quantity('1k')).compareTo(quantity('2k')) == 0",
                                "{a: '1000'}",
                                true),
                        new Case(
                                "url(self.a).getHostname() == 'h' && url(self.a).getPort() == '8' && isURL(self.a)",
                                "{a: 'https://h:8/p?q=1'}",
                                true),
                        new Case(
                                "ip(self.a).family() == 4 && cidr('10.0.0.0/8').containsIP(self.a)",
                                "{a: 10.1.2.3}",
                                true),
                        new Case("isIP(self.a)", "{a: 10.1.2}", false),
                        new Case(
                                "cidr(self.a).prefixLength() == 64 && cidr(self.a).masked().ip().isUnspecified()",
                                "{a: '::/64'}",
                                true),
                        new Case(
                                "self.a.find('[0-9]+') == '12' && self.a.findAll('[a-z]').size() == 2",
                                "{a: a12b}",
                                true),
                        new Case("!format.dns1123Label().validate(self.a).hasValue()", "{a: Not_a_label}", false),
                        new Case("format.named('uuid').value().validate(self.a).hasValue()", "{a: no}", true),
                        new Case("'%s-%d'.format([self.a, self.n]) == 'x-3'", "{a: x, n: 3}", true),
                        new Case("self.a.lowerAscii().split(',').join('|') == 'x|y'", "{a: 'X,Y'}", true),
                        new Case("self.?nested.?x.orValue(7) == 7", "{a: x}", true),
                        new Case("sets.contains(self.list, [1])", "{list: [2]}", false),
                        // As the Gateway API and cluster operators write them.
                        new Case(
                                "self.named.all(l1, self.named.exists_one(l2, l1.k == l2.k))",
                                "{named: [{k: a}, {k: b}]}",
                                true),
                        new Case("(size(self.a) == 0 && self.n == 1) ? has(self.port) : true", "{a: '', n: 1}", false),
                        new Case(
                                "!(has(self.a) && has(self.at)) || self.a in ['x', 'y'] ? !has(self.list) : true",
                                "{a: x}",
                                true),
                        new Case(
                                "self.named.exists(i, has(i.v) && i.v in [1, 2]) && !(self.map.exists(k, self.map[k].size() > 63))",
                                "{named: [{k: a, v: 2}], map: {x: y}}",
                                true),
                        new Case(
                                "duration(self.a) >= duration('0s') && self.a.matches('^([0-9]{1,5}(h|m|s|ms)){1,4}$')",
                                "{a: 10s}",
                                true),
                        new Case("cel.bind(x, self.n, x * x == 9)", "{n: 3}", true),
                        new Case(
                                "self.metadata.name == 'n' && self.kind == 'K'",
                                "{kind: K, metadata: {name: n}}",
                                true))
                .map(each -> DynamicTest.dynamicTest(each.rule(), () -> {
                    StructuralSchema schema = StructuralSchema.parse(schema("{rule: \"" + each.rule() + "\"}"));
                    List<FieldError> errors = new ArrayList<>();
                    CustomRules.check(schema, "s", errors);
                    assertThat(lines(errors)).isEmpty();
                    new CustomRules(schema).validate(yaml(each.object()), null, errors);
                    assertThat(lines(errors))
                            .isEqualTo(
                                    each.holds()
                                            ? List.of()
                                            : List.of("<nil>: Invalid value: \"object\": failed rule: " + each.rule()));
                }));
    }

    @Test
    void tellsErrorsOfEvaluation() {
        assertThat(ask("{rule: \"self.list[5] == 1\"}", "{list: [1]}", null))
                .hasSize(1)
                .first()
                .asString()
                .contains("evaluating rule: self.list[5] == 1");
        assertThat(ask("{rule: \"self.n / 0 == 1\"}", "{n: 1}", null))
                .first()
                .asString()
                .contains("evaluating rule: self.n / 0 == 1");
    }

    @Test
    void comparesWithTheOld() {
        String immutable =
                "{rule: \"self.a == oldSelf.a\", message: a is immutable, fieldPath: .a, reason: FieldValueForbidden}";
        assertThat(ask(immutable, "{a: x}", null)).isEmpty();
        assertThat(ask(immutable, "{a: x}", "{a: x, n: 1}")).isEmpty();
        assertThat(ask(immutable, "{a: y}", "{a: x}")).containsExactly("a: Forbidden: a is immutable");
        String once =
                "{rule: \"oldSelf.hasValue() || self.n == 0\", optionalOldSelf: true, messageExpression: \"'begins with ' + string(self.n)\"}";
        assertThat(ask(once, "{n: 1}", null)).containsExactly("<nil>: Invalid value: \"object\": begins with 1");
        assertThat(ask(once, "{n: 1}", "{n: 0}")).isEmpty();
        // What was wrong before and did not change does no harm.
        assertThat(ask("{rule: \"self.n < 5\"}", "{n: 9}", "{n: 9}")).isEmpty();
    }

    private static List<String> ask(String rule, String object, @org.jspecify.annotations.Nullable String old) {
        List<FieldError> errors = new ArrayList<>();
        StructuralSchema schema = StructuralSchema.parse(schema(rule));
        CustomRules.check(schema, "s", errors);
        new CustomRules(schema).validate(yaml(object), old == null ? null : yaml(old), errors);
        return lines(errors);
    }

    @Test
    void staysWithinABudget() {
        StringBuilder items = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            items.append(i == 0 ? "" : ",").append(i);
        }
        long begin = System.nanoTime();
        List<String> errors = ask(
                "{rule: \"self.list.all(x, self.list.all(y, self.list.all(z, x + y + z >= 0)))\"}",
                "{list: [" + items + "]}",
                null);
        assertThat(errors)
                .hasSize(1)
                .first()
                .asString()
                .contains("no further validation rules will be run due to call cost exceeds limit");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
        String doubling = "cel.bind(b, self.a + self.a, ".repeat(1) + "b.size() > 0)";
        StringBuilder nested = new StringBuilder("b30.size() > 0");
        for (int i = 30; i > 0; i--) {
            nested.insert(0, "cel.bind(b" + i + ", b" + (i - 1) + " + b" + (i - 1) + ", ")
                    .append(")");
        }
        assertThat(ask("{rule: \"" + doubling + "\"}", "{a: xxxxxxxx}", null)).isEmpty();
        assertThat(ask("{rule: \"cel.bind(b0, self.a, " + nested + ")\"}", "{a: xxxxxxxx}", null))
                .hasSize(1)
                .first()
                .asString()
                .contains("cost exceeds limit");
    }

    @Test
    void judgesCombinedSchemas() {
        String schema = """
                type: object
                properties:
                  spec:
                    type: object
                    oneOf: [{required: [a]}, {required: [b]}]
                    not: {required: [c]}
                    properties: {a: {type: string, minLength: 2, maxLength: 3}, b: {type: number, multipleOf: 0.5, exclusiveMinimum: true, minimum: 0}, c: {type: string, format: ipv4}, e: {type: array, minItems: 1, maxItems: 2, items: {type: string}}, u: {type: string, nullable: true}}
                """;
        ValueRules rules = new ValueRules(StructuralSchema.parse(yaml(schema)));
        assertThat(judge(rules, "{spec: {a: xx, e: [x], u: null}}")).isEmpty();
        assertThat(judge(rules, "{spec: {}}"))
                .contains(
                        "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid");
        assertThat(judge(rules, "{spec: {a: xx, b: 1}}"))
                .containsExactly(
                        "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid"
                                + " alternatives");
        assertThat(judge(rules, "{spec: {b: 0.3, c: x, e: [a, b, c]}}"))
                .containsExactly(
                        "<nil>: Invalid value: \"\": \"spec\" must not validate the schema (not)",
                        "spec.b: Invalid value: 0.3: spec.b in body should be a multiple of 0.5",
                        "spec.c: Invalid value: \"x\": spec.c in body must be of type ipv4: \"x\"",
                        "spec.e: Too many: 3: must have at most 2 items");
        assertThat(judge(rules, "{spec: {b: 0}}"))
                .containsExactly("spec.b: Invalid value: 0: spec.b in body should be greater than 0");
        assertThat(judge(rules, "{spec: {a: x, e: []}}"))
                .containsExactly(
                        "spec.a: Invalid value: \"x\": spec.a in body should be at least 2 chars long",
                        "spec.e: Invalid value: 0: spec.e in body should have at least 1 items");
        assertThat(judge(rules, "{spec: {a: xxxx}}")).containsExactly("spec.a: Too long: may not be more than 3 bytes");
    }

    private static List<String> judge(ValueRules rules, String object) {
        List<FieldError> errors = new ArrayList<>();
        rules.validate(yaml(object), null, errors);
        return lines(errors);
    }

    @Test
    void findsByPath() {
        KubeObject object = new KubeObject(
                (tools.jackson.databind.node.ObjectNode)
                        yaml(
                                "{spec: {list: [{n: a, v: 1}, {n: b, v: 2}], 'a.b/c': x}, status: {conditions: [{type: Ready, status: 'True'}]}}"));
        record Path(String path, String found) {}
        for (Path each : List.of(
                new Path(".spec.list[0].n", "[\"a\"]"),
                new Path(".spec.list[-1].v", "[2]"),
                new Path(".spec.list[*].n", "[\"a\", \"b\"]"),
                new Path(".spec.list[?(@.v>1)].n", "[\"b\"]"),
                new Path(".status.conditions[?(@.type=='Ready')].status", "[\"True\"]"),
                new Path(".status.conditions[?(@.type==\"Gone\")].status", "[]"),
                new Path(".spec.a\\.b/c", "[\"x\"]"),
                new Path(".spec['a.b/c']", "[\"x\"]"),
                new Path("..status", "[\"True\"]"),
                new Path(".spec.none.x", "[]"))) {
            List<JsonNode> found = JsonPath.parse(each.path()).find(object.root());
            assertThat(
                            each.path().equals("..status")
                                    ? found.subList(1, found.size()).toString()
                                    : found.toString())
                    .as(each.path())
                    .isEqualTo(each.found());
        }
    }
}
