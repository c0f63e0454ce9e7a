package io.mokube.ingress.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of the documentation of Ingress, and random tables against a slow reading of its rules. */
class RoutingTableTest {

    private static final Backend DEFAULT = new Backend("default", "fallback", "80");

    @ParameterizedTest
    @CsvSource(textBlock = """
            # kind,  paths,             request,       found
            Prefix, /,                  /anything,     /
            Exact,  /foo,               /foo,          /foo
            Exact,  /foo,               /bar,          default
            Exact,  /foo,               /foo/,         default
            Exact,  /foo/,              /foo,          default
            Prefix, /foo,               /foo,          /foo
            Prefix, /foo,               /foo/,         /foo
            Prefix, /foo/,              /foo,          /foo/
            Prefix, /foo/,              /foo/,         /foo/
            Prefix, /aaa/bb,            /aaa/bbb,      default
            Prefix, /aaa/bbb,           /aaa/bbb,      /aaa/bbb
            Prefix, /aaa/bbb/,          /aaa/bbb,      /aaa/bbb/
            Prefix, /aaa/bbb,           /aaa/bbb/,     /aaa/bbb
            Prefix, /aaa/bbb,           /aaa/bbb/ccc,  /aaa/bbb
            Prefix, /aaa/bbb,           /aaa/bbbxyz,   default
            Prefix, / /aaa,             /aaa/ccc,      /aaa
            Prefix, / /aaa /aaa/bbb,    /aaa/bbb,      /aaa/bbb
            Prefix, / /aaa /aaa/bbb,    /ccc,          /
            Prefix, /aaa,               /ccc,          default
            Prefix, /foo,               /FOO,          default
            """)
    void documentedPaths(String kind, String paths, String request, String found) {
        List<Rule> rules = List.of(paths.split(" ")).stream()
                .map(path -> new Rule("", path, kind.equals("Exact"), new Backend("default", path, "80")))
                .toList();
        String service = RoutingTable.of(rules, Optional.empty())
                .find("any", request)
                .map(Backend::service)
                .orElse("default");
        assertThat(service).isEqualTo(found);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            *.foo.com, bar.foo.com,     yes
            *.foo.com, BAR.Foo.com,     yes
            *.foo.com, baz.bar.foo.com, no
            *.foo.com, foo.com,         no
            foo.com,   foo.com,         yes
            foo.com,   foo.com.,        yes
            foo.com,   bar.foo.com,     no
            -,         foo.com,         yes
            """)
    void documentedHosts(String host, String request, String found) {
        Rule rule = new Rule(host == null ? "" : host, "/", false, DEFAULT);
        assertThat(RoutingTable.of(List.of(rule), Optional.empty()).find(request, "/"))
                .isEqualTo(found.equals("yes") ? Optional.of(DEFAULT) : Optional.empty());
    }

    @Property(tries = 500)
    void aTableFindsWhatTheRulesSay(
            @ForAll("rules") List<Rule> rules, @ForAll("hosts") String host, @ForAll("paths") String path) {
        assertThat(RoutingTable.of(rules, Optional.of(DEFAULT)).find(host, path))
                .contains(slowly(rules, host, path));
    }

    /** Looks at every rule; of equals the first counts. */
    private static Backend slowly(List<Rule> rules, String host, String path) {
        int best =
                rules.stream().mapToInt(rule -> rank(rule.host(), host)).max().orElse(-1);
        return rules.stream()
                .filter(rule -> best >= 0 && rank(rule.host(), host) == best)
                .filter(rule -> fits(rule, path))
                .min(Comparator.comparing((Rule rule) -> rule.exact() ? 0 : 1)
                        .thenComparing(rule -> -elements(rule.path()).size()))
                .map(Rule::backend)
                .orElse(DEFAULT);
    }

    private static int rank(String rule, String host) {
        if (rule.isEmpty()) {
            return 0;
        }
        if (rule.equals(host)) {
            return 2;
        }
        return rule.startsWith("*.")
                        && host.endsWith(rule.substring(1))
                        && !host.substring(0, host.length() - rule.length() + 1).contains(".")
                        && host.length() >= rule.length()
                ? 1
                : -1;
    }

    private static boolean fits(Rule rule, String path) {
        if (rule.exact()) {
            return rule.path().equals(path);
        }
        List<String> wanted = elements(rule.path());
        List<String> given = elements(path);
        return given.size() >= wanted.size() && given.subList(0, wanted.size()).equals(wanted);
    }

    private static List<String> elements(String path) {
        String inner = path.substring(1);
        String trimmed = inner.endsWith("/") ? inner.substring(0, inner.length() - 1) : inner;
        return trimmed.isEmpty() ? List.of() : List.of(trimmed.split("/"));
    }

    @Provide
    Arbitrary<String> hosts() {
        return Arbitraries.of("a.com", "b.a.com", "c.a.com", "d.b.a.com", "other");
    }

    @Provide
    Arbitrary<String> paths() {
        Arbitrary<String> elements =
                Arbitraries.of("a", "b", "ab").list().ofMaxSize(3).map(each -> "/" + String.join("/", each));
        return Combinators.combine(elements, Arbitraries.of("", "/"))
                .as((path, end) -> path.endsWith("/") ? path : path + end);
    }

    @Provide
    Arbitrary<List<Rule>> rules() {
        return Combinators.combine(
                        Arbitraries.of("", "a.com", "*.a.com", "b.a.com", "*.b.a.com"),
                        paths(),
                        Arbitraries.of(true, false),
                        Arbitraries.integers().between(1, 1000))
                .as((host, path, exact, number) ->
                        new Rule(host, path, exact, new Backend("default", "s" + number, "80")))
                .list()
                .ofMaxSize(8);
    }
}
