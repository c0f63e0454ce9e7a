package io.mokube.apiserver.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.error.ApiException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestInfoTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            nullValues = "null",
            value = {
                "GET|/api/v1/namespaces/a/pods|''|list||v1|a|pods||",
                "GET|/api/v1/namespaces/a/pods|watch=true|watch||v1|a|pods||",
                "GET|/api/v1/watch/namespaces/a/pods|''|watch||v1|a|pods||",
                "GET|/api/v1/namespaces/a/pods/x|''|get||v1|a|pods||x",
                "HEAD|/api/v1/namespaces/a/pods/x|''|get||v1|a|pods||x",
                "GET|/api/v1/namespaces/a/pods/x/log|''|get||v1|a|pods|log|x",
                "POST|/api/v1/namespaces/a/pods|''|create||v1|a|pods||",
                "POST|/api/v1/namespaces/a/pods/x/binding|''|create||v1|a|pods|binding|x",
                "PUT|/apis/apps/v1/namespaces/a/deployments/x/scale|''|update|apps|v1|a|deployments|scale|x",
                "PATCH|/apis/apps/v1/namespaces/a/deployments/x|''|patch|apps|v1|a|deployments||x",
                "DELETE|/api/v1/nodes/x|''|delete||v1||nodes||x",
                "DELETE|/api/v1/nodes|''|deletecollection||v1||nodes||",
                "GET|/api/v1/namespaces|''|list||v1||namespaces||",
                "GET|/api/v1/namespaces/a|''|get||v1|a|namespaces||a",
                "PUT|/api/v1/namespaces/a/finalize|''|update||v1|a|namespaces|finalize|a",
                "GET|/api/v1/namespaces/a/pods|fieldSelector=metadata.name%3Dx|list||v1|a|pods||x",
                "GET|/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode|''|get|rbac.authorization.k8s.io|v1||clusterroles||system:node",
                "GET|/api/v1|''|get||||||",
                "GET|/apis/apps|''|get||||||",
                "GET|/apis/apps/v1|''|get||||||",
                "GET|/healthz|''|get||||||",
            })
    void readsWhatIsAskedFor(
            String method,
            String path,
            String query,
            String verb,
            String group,
            String version,
            String namespace,
            String resource,
            String subresource,
            String name) {
        RequestInfo info = RequestInfo.parse(method, path, Query.parse(query));
        assertThat(info.verb()).isEqualTo(verb);
        assertThat(info.group()).isEqualTo(text(group));
        assertThat(info.version()).isEqualTo(text(version));
        assertThat(info.namespace()).isEqualTo(text(namespace));
        assertThat(info.resource()).isEqualTo(text(resource));
        assertThat(info.subresource()).isEqualTo(text(subresource));
        assertThat(info.name()).isEqualTo(text(name));
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/namespaces/a/pods/..",
                "/api/v1/namespaces/a/pods/%2e%2e",
                "/api/v1/namespaces/a/pods/x%2Fy",
                "/api/v1/namespaces/a;b/pods",
                "/api/v1/namespaces/a%3Bb/pods",
                "/api/v1/namespaces/a/pods/x%00",
                "/api/v1/namespaces/a/pods/%zz",
                "/api/v1/namespaces/a/pods/%2",
                "/api/v1/namespaces/a/pods/%5Cx",
            })
    void refusesPathsInDisguise(String path) {
        assertThatThrownBy(() -> RequestInfo.parse("GET", path, Query.EMPTY))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        failure -> assertThat(failure.code()).isEqualTo(400));
    }
}
