package io.mokube.controllermanager.controllers.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class QuotaCountTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    private static KubeObject object(String json) {
        return new KubeObject((ObjectNode) Json.MAPPER.readTree(json.replace('\'', '"')));
    }

    private static Amounts amounts(String json) {
        return Amounts.of(object(json).root());
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // measured, charged, charged earlier -> used, settled
                "3, -, -, 3, true",
                "3, 3, -, 3, true",
                "4, 3, -, 4, true",
                // A surplus may be on its way: it stays until it has been there for a while.
                "3, 5, -, 5, false",
                "3, 5, 5, 3, true",
                "3, 5, 4, 4, false",
                "3, 5, 3, 5, false",
                "3, 5, 9, 3, true",
                "0, 1, 1, 0, true",
            })
    void givesBackOnlyWhatWasChargedBefore(
            String measured, String charged, String earlier, String used, boolean settled) {
        KubeObject quota = object("{'spec':{'hard':{'pods':'9'}},'status':{'hard':{'pods':'9'},'used':{"
                + (charged == null ? "" : "'pods':'" + charged + "'") + "}}}");
        QuotaCount count = QuotaCount.of(
                quota,
                amounts("{'pods':'" + measured + "'}"),
                Optional.ofNullable(earlier).map(text -> amounts("{'pods':'" + text + "'}")));
        assertThat(count.used()).isEqualTo(amounts("{'pods':'" + used + "'}"));
        assertThat(count.isSettled()).isEqualTo(settled);
    }

    @Test
    void whatIsNotKnownStaysAndWhatIsNotLimitedGoes() {
        KubeObject quota = object("{'spec':{'hard':{'pods':'9','count/x.example.com':'2','count/y':'1'}},"
                + "'status':{'hard':{'pods':'8','secrets':'3'},"
                + "'used':{'pods':'1','count/x.example.com':'2','secrets':'3'}}}");
        QuotaCount count = QuotaCount.of(quota, amounts("{'pods':'1'}"), Optional.empty());
        assertThat(count.hard()).isEqualTo(amounts("{'pods':'9','count/x.example.com':'2','count/y':'1'}"));
        assertThat(count.used()).isEqualTo(amounts("{'pods':'1','count/x.example.com':'2'}"));
        assertThat(count.isStatusOf(quota)).isFalse();
    }

    @Test
    void measuresEachResourceWithinTheScopes() {
        KubeObject quota = object("{'spec':{'hard':{'pods':'9','requests.memory':'1Gi','secrets':'5'},"
                + "'scopes':['NotTerminating']}}");
        KubeObject pod = object("{'spec':{'containers':[{'resources':{'requests':{'memory':'256Mi'}}}]}}");
        KubeObject job = object("{'spec':{'activeDeadlineSeconds':5,'containers':[{}]}}");
        GroupResource secrets = new GroupResource("", "secrets");
        Amounts measured = QuotaCount.measure(
                quota,
                Map.of(
                        new GroupResource("", "pods"),
                        List.of(pod, pod, job),
                        secrets,
                        Collections.nCopies(3, object("{}"))),
                NOW);
        assertThat(measured).hasToString("pods=2,requests.memory=512Mi,secrets=0");
        KubeObject unscoped = object("{'spec':{'hard':{'secrets':'5','count/secrets':'5'}}}");
        assertThat(QuotaCount.measure(unscoped, Map.of(secrets, Collections.nCopies(3, object("{}"))), NOW))
                .hasToString("count/secrets=3,secrets=3");
    }
}
