package io.mokube.apiserver.admission.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class LimitBoundsTest {

    private static ObjectNode tree(String json) {
        return (ObjectNode) Json.MAPPER.readTree(json.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'min':{'cpu':'100m'}|'requests':{'cpu':'100m'}|",
                "'min':{'cpu':'100m'}|'limits':{'cpu':'1'}"
                        + "|minimum cpu usage per Container is 100m.  No request is specified",
                "'min':{'cpu':'100m'}|'requests':{'cpu':'50m'}"
                        + "|minimum cpu usage per Container is 100m, but request is 50m",
                "'min':{'cpu':'100m'}|'requests':{'cpu':'1'},'limits':{'cpu':'10m'}"
                        + "|minimum cpu usage per Container is 100m, but limit is 10m",
                "'max':{'memory':'1Gi'}|'limits':{'memory':'1024Mi'}|",
                "'max':{'memory':'1Gi'}|'requests':{'memory':'1Mi'}"
                        + "|maximum memory usage per Container is 1Gi.  No limit is specified",
                "'max':{'memory':'1Gi'}|'limits':{'memory':'2Gi'}"
                        + "|maximum memory usage per Container is 1Gi, but limit is 2Gi",
                "'max':{'memory':'1Gi'}|'limits':{'memory':'1Gi'},'requests':{'memory':'2Gi'}"
                        + "|maximum memory usage per Container is 1Gi, but request is 2Gi",
                "'maxLimitRequestRatio':{'cpu':'2'}|'limits':{'cpu':'2'},'requests':{'cpu':'1'}|",
                "'maxLimitRequestRatio':{'cpu':'2'}|'limits':{'cpu':'3'},'requests':{'cpu':'1'}"
                        + "|cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
                "'maxLimitRequestRatio':{'cpu':'1500m'}|'limits':{'cpu':'1'},'requests':{'cpu':'600m'}"
                        + "|cpu max limit to request ratio per Container is 1500m, but provided ratio is 1.666667",
                "'maxLimitRequestRatio':{'cpu':'2'}|'limits':{'cpu':'3'}"
                        + "|cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
                "'maxLimitRequestRatio':{'cpu':'2'}|'requests':{'cpu':'3'}"
                        + "|cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
            })
    void aContainerStaysWithinItsBounds(String limit, String resources, String broken) {
        KubeObject pod = new KubeObject(tree("{'spec':{'containers':[{'resources':{" + resources + "}}]}}"));
        assertThat(LimitBounds.ofContainers(tree("{'type':'Container'," + limit + "}"), pod))
                .isEqualTo(broken == null ? List.of() : List.of(broken));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'max':{'cpu':'3'}|",
                "'max':{'cpu':'2'}|maximum cpu usage per Pod is 2, but limit is 2500m",
                "'min':{'memory':'2Gi'}|minimum memory usage per Pod is 2Gi, but request is 1536Mi",
                "'min':{'storage':'1'}|minimum storage usage per Pod is 1.  No request is specified",
                "'maxLimitRequestRatio':{'cpu':'2'}"
                        + "|cpu max limit to request ratio per Pod is 2, but provided ratio is 2.500000",
            })
    void aPodIsTheSumOfItsContainers(String limit, String broken) {
        KubeObject pod = new KubeObject(tree("{'spec':{'containers':["
                + "{'resources':{'limits':{'cpu':'2'},'requests':{'cpu':'500m','memory':'1Gi'}}},"
                + "{'resources':{'limits':{'cpu':'500m'},'requests':{'cpu':'500m','memory':'512Mi'}}}],"
                + "'initContainers':[{'resources':{'limits':{'cpu':'1'},'requests':{'cpu':'1'}}}]}}"));
        assertThat(LimitBounds.ofPod(tree("{'type':'Pod'," + limit + "}"), pod))
                .isEqualTo(broken == null ? List.of() : List.of(broken));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'min':{'storage':'1Gi'},'max':{'storage':'1Gi'}|",
                "'min':{'storage':'2Gi'}|minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi",
                "'max':{'storage':'512Mi'}|maximum storage usage per PersistentVolumeClaim is 512Mi, but request is 1Gi",
                "'max':{'other':'1'}|maximum other usage per PersistentVolumeClaim is 1.  No request is specified",
            })
    void aClaimIsBoundedByWhatItRequests(String limit, String broken) {
        KubeObject claim = new KubeObject(tree("{'spec':{'resources':{'requests':{'storage':'1Gi'}}}}"));
        assertThat(LimitBounds.ofClaim(tree("{'type':'PersistentVolumeClaim'," + limit + "}"), claim))
                .isEqualTo(broken == null ? List.of() : List.of(broken));
    }
}
