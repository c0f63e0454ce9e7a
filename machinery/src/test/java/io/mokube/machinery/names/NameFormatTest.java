package io.mokube.machinery.names;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameFormatTest {

    @ParameterizedTest
    @CsvSource({
        "web, true, true, true",
        "web-1.example, true, false, false",
        "1web, true, true, false",
        "Web, false, false, false",
        "-web, false, false, false",
        "web-, false, false, false",
        "a..b, false, false, false",
        "'', false, false, false",
        "web_1, false, false, false",
    })
    void dnsNames(String name, boolean subdomain, boolean label, boolean label1035) {
        assertThat(NameFormat.dnsSubdomain(name).isEmpty()).isEqualTo(subdomain);
        assertThat(NameFormat.dnsLabel(name).isEmpty()).isEqualTo(label);
        assertThat(NameFormat.dns1035Label(name).isEmpty()).isEqualTo(label1035);
    }

    @ParameterizedTest
    @CsvSource({"64, true, false", "63, true, true", "253, true, false", "254, false, false"})
    void lengths(int length, boolean subdomain, boolean label) {
        String name = "a".repeat(length);
        assertThat(NameFormat.dnsSubdomain(name).isEmpty()).isEqualTo(subdomain);
        assertThat(NameFormat.dnsLabel(name).isEmpty()).isEqualTo(label);
    }

    @ParameterizedTest
    @ValueSource(strings = {"app", "app.kubernetes.io/name", "A_b.c-d", "a/B"})
    void qualifiedNames(String key) {
        assertThat(NameFormat.qualifiedName(key)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "a/b/c, a qualified name must consist",
        "/a, prefix part must be non-empty",
        "a/, name part must be non-empty",
        "A/b, prefix part a lowercase RFC 1123 subdomain",
        "-a, name part must consist",
        "'', name part must be non-empty",
    })
    void explainsWrongQualifiedNames(String key, String explanation) {
        assertThat(NameFormat.qualifiedName(key).orElse("")).startsWith(explanation);
    }

    @ParameterizedTest
    @CsvSource({"'', true", "a, true", "a b, false", "-a, false", "A.b_c, true"})
    void labelValues(String value, boolean good) {
        assertThat(NameFormat.labelValue(value).isEmpty()).isEqualTo(good);
    }

    @ParameterizedTest
    @CsvSource({"system:node, true", "., false", ".., false", "a/b, false", "a%b, false"})
    void pathSegments(String name, boolean good) {
        assertThat(NameFormat.pathSegment(name).isEmpty()).isEqualTo(good);
    }
}
