package io.mokube.apiserver.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ServiceFamiliesTest {

    private static final String POD = "'selector':{'a':'b'}";

    /** What a new service asks for, in a cluster of these families, and what it gets. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            IPv4      | {POD}                                                             | SingleStack      | IPv4
            IPv6      | {POD}                                                             | SingleStack      | IPv6
            IPv4 IPv6 | {POD}                                                             | SingleStack      | IPv4
            IPv4 IPv6 | {POD,'ipFamilies':['IPv6']}                                       | SingleStack      | IPv6
            IPv4 IPv6 | {POD,'clusterIP':'fd00::5','clusterIPs':['fd00::5']}              | SingleStack      | IPv6
            IPv4      | {POD,'ipFamilyPolicy':'PreferDualStack'}                          | PreferDualStack  | IPv4
            IPv4 IPv6 | {POD,'ipFamilyPolicy':'PreferDualStack'}                          | PreferDualStack  | IPv4 IPv6
            IPv6 IPv4 | {POD,'ipFamilyPolicy':'PreferDualStack'}                          | PreferDualStack  | IPv6 IPv4
            IPv4 IPv6 | {POD,'ipFamilyPolicy':'RequireDualStack','ipFamilies':['IPv6']}   | RequireDualStack | IPv6 IPv4
            IPv4 IPv6 | {POD,'ipFamilyPolicy':'RequireDualStack','clusterIP':'fd00::5','clusterIPs':['fd00::5','10.0.0.5']} | RequireDualStack | IPv6 IPv4
            IPv4 IPv6 | {POD,'clusterIP':'None','clusterIPs':['None']}                    | SingleStack      | IPv4
            IPv4      | {'clusterIP':'None','clusterIPs':['None']}                        | RequireDualStack | IPv4 IPv6
            IPv4      | {'clusterIP':'None','ipFamilyPolicy':'SingleStack'}               | SingleStack      | IPv4
            IPv4      | {'clusterIP':'None','ipFamilies':['IPv6']}                        | RequireDualStack | IPv6 IPv4
            """)
    void newServices(String cluster, String spec, String policy, String families) {
        JsonNode got = complete(spec, null, cluster);
        assertThat(got.path("ipFamilyPolicy").asString("")).isEqualTo(policy);
        assertThat(families(got)).isEqualTo(families);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            IPv4      | {POD,'ipFamilyPolicy':'RequireDualStack'}                                     | this cluster is not configured for dual-stack services
            IPv4      | {POD,'ipFamilies':['IPv6']}                                                   | spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster
            IPv4      | {POD,'clusterIP':'fd00::5','clusterIPs':['fd00::5']}                          | IPv6 is not configured on this cluster
            IPv4 IPv6 | {POD,'ipFamilies':['IPv4','IPv6']}                                            | must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified
            IPv4 IPv6 | {POD,'clusterIP':'10.0.0.5','clusterIPs':['10.0.0.5','fd00::5']}              | must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified
            IPv4 IPv6 | {POD,'ipFamilies':['IPv4'],'clusterIP':'fd00::5','clusterIPs':['fd00::5']}    | spec.clusterIPs[0]: Invalid value: "fd00::5": expected an IPv4 value as indicated by
            """)
    void whatCanNotBe(String cluster, String spec, String complaint) {
        assertThatThrownBy(() -> complete(spec, null, cluster))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining(complaint);
    }

    /** What an update makes of a service; its addresses show whether one is to be given or taken. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            IPv4 IPv6 | 'ipFamilyPolicy':'SingleStack','ipFamilies':['IPv4'],'clusterIPs':['10.0.0.5'] | 'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4'],'clusterIPs':['10.0.0.5'] | IPv4 IPv6 | 1
            IPv4 IPv6 | 'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4','IPv6'],'clusterIPs':['10.0.0.5','fd00::5'] | 'ipFamilyPolicy':'SingleStack','ipFamilies':['IPv4','IPv6'],'clusterIPs':['10.0.0.5','fd00::5'] | IPv4 | 1
            IPv4 IPv6 | 'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4'],'clusterIPs':['10.0.0.5'] | 'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4'],'clusterIPs':['10.0.0.5'] | IPv4 | 1
            IPv4      | 'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4','IPv6'],'clusterIPs':['10.0.0.5','fd00::5'] | 'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4','IPv6'],'clusterIPs':['10.0.0.5','fd00::5'] | IPv4 IPv6 | 2
            IPv4 IPv6 | 'ipFamilyPolicy':'RequireDualStack','ipFamilies':['IPv6','IPv4'],'clusterIPs':['fd00::5','10.0.0.5'] | 'clusterIPs':['fd00::5','10.0.0.5'] | IPv6 IPv4 | 2
            """)
    void updates(String cluster, String before, String now, String families, int addresses) {
        JsonNode got = complete("{" + POD + "," + now + "}", "{" + POD + "," + before + "}", cluster);
        assertThat(families(got)).isEqualTo(families);
        assertThat(got.path("clusterIPs").size()).isEqualTo(addresses);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'ipFamilies':['IPv4','IPv6'],'clusterIPs':['10.0.0.5'] | must be 'SingleStack' to release the secondary cluster IP
            'ipFamilies':['IPv4'],'clusterIPs':['10.0.0.5','fd00::5'] | must be 'SingleStack' to release the secondary IP family
            """)
    void nobodyLosesAnAddressByOmission(String now, String complaint) {
        String before = "{" + POD + ",'ipFamilyPolicy':'RequireDualStack','ipFamilies':['IPv4','IPv6'],"
                + "'clusterIPs':['10.0.0.5','fd00::5']}";
        assertThatThrownBy(() -> complete("{" + POD + "," + now + "}", before, "IPv4 IPv6"))
                .hasMessageContaining(complaint);
    }

    private static JsonNode complete(String spec, @Nullable String before, String cluster) {
        KubeObject service = service(spec);
        ServiceFamilies.complete(service, before == null ? null : service(before), List.of(cluster.split(" ")));
        return service.at("spec");
    }

    private static KubeObject service(String spec) {
        KubeObject service = KubeObject.of("v1", "Service");
        service.setMetadata("name", "web");
        service.root().set("spec", Json.MAPPER.readTree(spec.replace("POD", POD).replace('\'', '"')));
        return service;
    }

    private static String families(JsonNode spec) {
        return String.join(
                " ",
                spec.path("ipFamilies").values().stream()
                        .map(each -> each.asString(""))
                        .toList());
    }
}
