package io.mokube.apiserver.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.quantity.CanonicalQuantity;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class DocumentReaderTest {

    private static DocumentReader.Document yaml(String text) throws MalformedInputException {
        return DocumentReader.read(text.getBytes(StandardCharsets.UTF_8), DocumentSyntax.YAML);
    }

    private static JsonNode json(String text) {
        return Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    @Test
    void yamlWithAnchors() throws MalformedInputException {
        assertThat(yaml("a: &x {b: 1, c: [true, null, 1.5, 'no']}\nd: *x\n").tree())
                .isEqualTo(json("{'a':{'b':1,'c':[true,null,1.5,'no']},'d':{'b':1,'c':[true,null,1.5,'no']}}"));
        assertThatThrownBy(() -> yaml("a: *nowhere\n"))
                .isInstanceOf(MalformedInputException.class)
                .hasMessageContaining("nowhere");
    }

    @Test
    void twoDocumentsAreOneTooMany() {
        assertThatThrownBy(() -> yaml("a: 1\n---\nb: 2\n")).isInstanceOf(MalformedInputException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':1,'a':2}|[a]",
                "{'a':{'b':1,'b':2},'c':[{'d':1,'d':1}]}|[a.b, c[0].d]",
                "{'a':1,'b':1}|[]",
            })
    void duplicates(String text, String expected) throws MalformedInputException {
        assertThat(DocumentReader.read(WritePath.json(text), DocumentSyntax.JSON)
                        .duplicates())
                .hasToString(expected);
    }

    @Test
    void numbersAreTheNodesThatReadingBackGives() throws MalformedInputException {
        String text = "{'a':1,'b':2147483648,'c':1.5,'d':123456789012345678901234567890}";
        assertThat(DocumentReader.read(WritePath.json(text), DocumentSyntax.JSON)
                        .tree())
                .isEqualTo(json(text));
    }

    @Test
    @Timeout(20)
    void hostileDocumentsCostLittle() {
        assertThatThrownBy(() -> DocumentReader.read(WritePath.json("[".repeat(1_000_000)), DocumentSyntax.JSON))
                .isInstanceOf(MalformedInputException.class);
        assertThatThrownBy(() -> yaml("[".repeat(100_000))).isInstanceOf(MalformedInputException.class);
        assertThatThrownBy(() -> DocumentReader.read(WritePath.json("1".repeat(1_000_000)), DocumentSyntax.JSON))
                .isInstanceOf(MalformedInputException.class);
        StringBuilder laughs = new StringBuilder("a0: &a0 [" + "lol,".repeat(1000) + "]\n");
        for (int i = 1; i < 20; i++) {
            laughs.append("a%d: &a%d [".formatted(i, i))
                    .append("*a%d,".formatted(i - 1).repeat(100))
                    .append("]\n");
        }
        assertThatThrownBy(() -> yaml(laughs.toString()))
                .isInstanceOf(MalformedInputException.class)
                .hasMessageContaining("excessive aliasing");
    }

    @ParameterizedTest
    @CsvSource({
        "0.5, 500m",
        "1000m, 1",
        "1, 1",
        "1500, 1500",
        "1000, 1k",
        "0.0001, 1m",
        "1024Mi, 1Gi",
        "1.5Gi, 1536Mi",
        "1000Ki, 1000Ki",
        "100Mi, 100Mi",
        "0, 0",
        "0Gi, 0",
        "1e3, 1e3",
        "2E, 2E",
        "-1500m, -1500m",
    })
    void canonicalQuantities(String written, String stored) {
        assertThat(CanonicalQuantity.of(written)).isEqualTo(stored);
    }

    @Test
    void timesAreStoredInSecondsOfUtc() {
        assertThat(WritePath.decode(
                                WritePath.resource("coordination.k8s.io", "leases"),
                                "{'metadata':{'creationTimestamp':'2026-01-02T03:04:05.678+01:00'},"
                                        + "'spec':{'renewTime':'2026-01-02T03:04:05Z'}}",
                                FieldValidation.STRICT)
                        .object()
                        .root())
                .isEqualTo(json("{'kind':'Lease','apiVersion':'coordination.k8s.io/v1','metadata':"
                        + "{'creationTimestamp':'2026-01-02T02:04:05Z'},'spec':{'renewTime':"
                        + "'2026-01-02T03:04:05.000000Z'}}"));
    }
}
