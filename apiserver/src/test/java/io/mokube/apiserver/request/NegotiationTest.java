package io.mokube.apiserver.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.error.ApiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NegotiationTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|application/json",
                "*/*|application/json",
                "application/json|application/json",
                "application/yaml|application/yaml",
                "application/json;q=0.5, application/yaml|application/yaml",
                "application/vnd.kubernetes.protobuf,application/json|application/json",
                "application/json;stream=watch|application/json",
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json|application/json;as=Table;v=v1;g=meta.k8s.io",
                "application/json;as=Table;v=v9;g=meta.k8s.io,application/json|application/json",
                "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io|application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
            })
    void findsTheForm(String accept, String contentType) {
        assertThat(Negotiation.form(accept).contentType()).isEqualTo(contentType);
    }

    @Test
    void refusesWhatItCanNotWrite() {
        assertThatThrownBy(() -> Negotiation.form("application/xml"))
                .isInstanceOfSatisfying(ApiException.class, failure -> {
                    assertThat(failure.code()).isEqualTo(406);
                    assertThat(failure.getMessage()).startsWith("only the following media types are accepted: ");
                });
    }
}
