package io.mokube.apiserver.resources;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConversionTest {

    private static final ResourceRegistry REGISTRY = ResourceRegistry.ofBuiltIns();

    @Test
    void eventsOfBothGroupsAreStoredAsOne() {
        ResourceDefinition events = REGISTRY.find("events.k8s.io", "events").orElseThrow();
        assertThat(events.storedAs()).isEqualTo(new GroupResource("", "events"));
        Conversion conversion = events.versions().getFirst().conversion();
        KubeObject event = parse("{'kind':'Event','apiVersion':'events.k8s.io/v1','metadata':{'name':'e'},"
                + "'eventTime':'2026-01-01T00:00:00.000000Z','note':'n','reason':'r','regarding':{'kind':'Pod'},"
                + "'reportingController':'c','reportingInstance':'i','deprecatedCount':2}");

        conversion.toStorage(event);
        assertThat(event)
                .isEqualTo(parse("{'kind':'Event','apiVersion':'v1','metadata':{'name':'e'},"
                        + "'eventTime':'2026-01-01T00:00:00.000000Z','message':'n','reason':'r','involvedObject':{'kind':'Pod'},"
                        + "'reportingComponent':'c','reportingInstance':'i','count':2}"));

        conversion.fromStorage(event);
        assertThat(event.apiVersion()).isEqualTo("events.k8s.io/v1");
        assertThat(event.at("note").stringValue()).isEqualTo("n");
    }

    @Test
    void theCpuTargetOfOldAutoscalersIsAMetric() {
        KubeObject old =
                parse("{'kind':'HorizontalPodAutoscaler','apiVersion':'autoscaling/v1','metadata':{'name':'a'},"
                        + "'spec':{'maxReplicas':3,'targetCPUUtilizationPercentage':80},"
                        + "'status':{'currentCPUUtilizationPercentage':10}}");

        AutoscalerConversion.INSTANCE.toStorage(old);

        assertThat(old)
                .isEqualTo(parse("{'kind':'HorizontalPodAutoscaler','apiVersion':'autoscaling/v2',"
                        + "'metadata':{'name':'a'},'spec':{'maxReplicas':3,'metrics':[{'type':'Resource','resource':{'name':'cpu',"
                        + "'target':{'type':'Utilization','averageUtilization':80}}}]},'status':{'currentMetrics':[{'type':'Resource',"
                        + "'resource':{'name':'cpu','current':{'averageUtilization':10}}}]}}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'Resource','resource':{'name':'cpu','target':{'type':'Utilization','averageUtilization':80}}}",
                "{'type':'Resource','resource':{'name':'memory','target':{'type':'AverageValue','averageValue':'1Gi'}}}",
                "{'type':'ContainerResource','containerResource':{'name':'cpu','container':'c','target':"
                        + "{'type':'Utilization','averageUtilization':5}}}",
                "{'type':'Pods','pods':{'metric':{'name':'m','selector':{'matchLabels':{'a':'b'}}},'target':"
                        + "{'type':'AverageValue','averageValue':'5'}}}",
                "{'type':'Object','object':{'describedObject':{'kind':'Ingress','name':'i'},'metric':{'name':'m'},'target':"
                        + "{'type':'Value','value':'5'}}}",
                "{'type':'External','external':{'metric':{'name':'m','selector':{}},'target':"
                        + "{'type':'AverageValue','averageValue':'7'}}}"
            })
    void nothingIsLostOnTheWayThroughVersionOne(String metric) {
        String autoscaler = "{'kind':'HorizontalPodAutoscaler','apiVersion':'autoscaling/v2','metadata':{'name':'a'},"
                + "'spec':{'maxReplicas':3,'metrics':["
                + metric
                + "],'behavior':{'scaleDown':{'stabilizationWindowSeconds':0}}},"
                + "'status':{'conditions':[{'type':'AbleToScale','status':'True'}]}}";
        KubeObject object = parse(autoscaler);

        AutoscalerConversion.INSTANCE.fromStorage(object);
        assertThat(object.apiVersion()).isEqualTo("autoscaling/v1");
        assertThat(object.at("spec").has("metrics")).isFalse();
        AutoscalerConversion.INSTANCE.toStorage(object);

        assertThat(object).isEqualTo(parse(autoscaler));
    }

    private static KubeObject parse(String json) {
        return KubeObject.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
