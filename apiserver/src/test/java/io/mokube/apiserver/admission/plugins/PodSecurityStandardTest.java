package io.mokube.apiserver.admission.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class PodSecurityStandardTest {

    private static JsonNode spec(String text) {
        return Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    private static final String GOOD = "{'containers':[{'name':'c','securityContext':{'allowPrivilegeEscalation':false,"
            + "'capabilities':{'drop':['ALL']}}}],'securityContext':{'runAsNonRoot':true,"
            + "'seccompProfile':{'type':'RuntimeDefault'}}}";

    @Test
    void aPlainPodIsBaselineButNotRestricted() {
        JsonNode plain = spec("{'containers':[{'name':'c'}]}");
        assertThat(PodSecurityStandard.baseline(plain)).isEmpty();
        assertThat(String.join(", ", PodSecurityStandard.restricted(plain)))
                .isEqualTo("allowPrivilegeEscalation != false (container \"c\" must set"
                        + " securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\""
                        + " must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container"
                        + " \"c\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container \"c\" must"
                        + " set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")");
        assertThat(PodSecurityStandard.restricted(spec(GOOD))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'hostNetwork':true,'hostIPC':true}|host namespaces (hostNetwork=true, hostIPC=true)",
                "{'containers':[{'name':'a','securityContext':{'privileged':true}}]}|privileged (container \"a\" must not"
                        + " set securityContext.privileged=true)",
                "{'initContainers':[{'name':'i','securityContext':{'privileged':true}}],'containers':[{'name':'a',"
                        + "'securityContext':{'privileged':true}}]}|privileged (containers \"i\", \"a\" must not set"
                        + " securityContext.privileged=true)",
                "{'containers':[{'name':'a','securityContext':{'capabilities':{'add':['NET_ADMIN','CHOWN']}}}]}|non-default"
                        + " capabilities (container \"a\" must not include \"NET_ADMIN\" in"
                        + " securityContext.capabilities.add)",
                "{'volumes':[{'name':'v','hostPath':{'path':'/'}}]}|hostPath volumes (volume \"v\")",
                "{'containers':[{'name':'a','ports':[{'hostPort':80}]}]}|hostPort (container \"a\" uses hostPort 80)",
                "{'securityContext':{'sysctls':[{'name':'kernel.msgmax'}]}}|forbidden sysctls (kernel.msgmax)",
                "{'securityContext':{'seccompProfile':{'type':'Unconfined'}}}|seccompProfile (pod must not set"
                        + " securityContext.seccompProfile.type to \"Unconfined\")",
                "{'securityContext':{'seLinuxOptions':{'user':'u'}}}|seLinuxOptions (pod set forbidden"
                        + " securityContext.seLinuxOptions: user may not be set)",
                "{'containers':[{'name':'a','securityContext':{'procMount':'Unmasked'}}]}|procMount (container \"a\" must"
                        + " not set securityContext.procMount to \"Unmasked\")",
            })
    void baseline(String spec, String fault) {
        assertThat(PodSecurityStandard.baseline(spec(spec))).isEqualTo(List.of(fault));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'volumes':[{'name':'v','hostPath':{'path':'/'}},{'name':'w','nfs':{}},{'name':'s','secret':{}}]|restricted"
                        + " volume types (volumes \"v\", \"w\" use restricted volume types \"hostPath\", \"nfs\")",
                "'ephemeralContainers':[{'name':'e','securityContext':{'runAsUser':0,'allowPrivilegeEscalation':false,"
                        + "'capabilities':{'drop':['ALL']}}}]|runAsUser=0 (container \"e\" must not set runAsUser=0)",
                "'initContainers':[{'name':'i','securityContext':{'runAsNonRoot':false,'allowPrivilegeEscalation':false,"
                        + "'capabilities':{'drop':['ALL'],'add':['NET_BIND_SERVICE']}}}]|runAsNonRoot != true (container"
                        + " \"i\" must not set securityContext.runAsNonRoot=false)",
            })
    void restricted(String more, String fault) {
        String spec = GOOD.substring(0, GOOD.length() - 1) + "," + more + "}";
        assertThat(PodSecurityStandard.restricted(spec(spec))).isEqualTo(List.of(fault));
    }
}
