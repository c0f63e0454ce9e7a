package io.mokube.proxy.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceReaderTest {

    private static ServiceFacts read(String service, String... slices) {
        return ServiceReader.read(
                        service(service),
                        Stream.of(slices).map(ServiceReaderTest::slice).toList())
                .orElseThrow();
    }

    private static Service service(String json) {
        return Json.MAPPER.readValue(json.replace('\'', '"'), Service.class);
    }

    private static EndpointSlice slice(String json) {
        return Json.MAPPER.readValue(json.replace('\'', '"'), EndpointSlice.class);
    }

    @Test
    void readsEverythingThatDirectsPackets() {
        ServiceFacts facts = read("""
                {'metadata': {'namespace': 'shop', 'name': 'web'},
                 'spec': {'type': 'LoadBalancer', 'clusterIP': '172.30.0.1', 'clusterIPs': ['172.30.0.1', 'fd99:0::1'],
                   'ports': [{'name': 'http', 'port': 80, 'nodePort': 30080, 'protocol': 'TCP', 'targetPort': 8080},
                             {'name': 'dns', 'port': 53, 'protocol': 'UDP'}],
                   'externalIPs': ['198.51.100.1'], 'loadBalancerSourceRanges': [' 10.1.2.3/8 ', 'nonsense'],
                   'sessionAffinity': 'ClientIP', 'sessionAffinityConfig': {'clientIP': {'timeoutSeconds': 600}},
                   'externalTrafficPolicy': 'Local', 'internalTrafficPolicy': 'Cluster', 'healthCheckNodePort': 32000},
                 'status': {'loadBalancer': {'ingress': [{'ip': '203.0.113.1'}, {'ip': '203.0.113.2', 'ipMode': 'Proxy'},
                   {'ip': '203.0.113.3', 'ipMode': 'VIP'}, {'hostname': 'lb.example'}]}}}""", """
                {'metadata': {'name': 'web-1'}, 'addressType': 'IPv4', 'ports': [{'name': 'http', 'port': 8080, 'protocol': 'TCP'}],
                 'endpoints': [
                   {'addresses': ['10.60.1.3', '10.60.1.9'], 'conditions': {'ready': false, 'serving': true, 'terminating': true},
                    'nodeName': 'here', 'hints': {'forZones': [{'name': 'near'}], 'forNodes': [{'name': 'here'}]}},
                   {'addresses': ['10.60.1.2']}]}""", """
                {'metadata': {'name': 'web-2'}, 'addressType': 'IPv6', 'ports': [{'name': 'http', 'port': 8081, 'protocol': 'TCP'}],
                 'endpoints': [{'addresses': ['fd60:0::2'], 'conditions': {'ready': true}}]}""");
        assertThat(facts.clusterIps()).extracting(IpAddress::text).containsExactly("172.30.0.1", "fd99::1");
        assertThat(facts.externalIps()).extracting(IpAddress::text).containsExactly("198.51.100.1");
        assertThat(facts.loadBalancerIps()).extracting(IpAddress::text).containsExactly("203.0.113.1", "203.0.113.3");
        assertThat(facts.sourceRanges()).containsExactly(Cidr.of("10.0.0.0/8"));
        assertThat(facts.affinity()).isEqualTo(Duration.ofMinutes(10));
        assertThat(facts.externalLocal()).isTrue();
        assertThat(facts.internalLocal()).isFalse();
        assertThat(facts.healthCheckNodePort()).isEqualTo(32000);
        assertThat(facts.ports()).hasSize(2);
        assertThat(facts.ports().get(0).nodePort()).isEqualTo(30080);
        assertThat(facts.ports().get(0).endpoints())
                .containsExactly(
                        new Endpoint(IpAddress.of("10.60.1.2"), 8080, true, true, false, "", Set.of(), Set.of()),
                        new Endpoint(
                                IpAddress.of("10.60.1.3"),
                                8080,
                                false,
                                true,
                                true,
                                "here",
                                Set.of("near"),
                                Set.of("here")),
                        new Endpoint(IpAddress.of("fd60::2"), 8081, true, true, false, "", Set.of(), Set.of()));
        assertThat(facts.ports().get(1).protocol()).isEqualTo(Protocol.UDP);
        assertThat(facts.ports().get(1).endpoints()).isEmpty();
    }

    @Test
    void affinityLastsThreeHoursUnlessSaidOtherwise() {
        String service = "{'metadata': {'namespace': 'a', 'name': 'b'}, 'spec': {'clusterIP': '172.30.0.1'%s}}";
        assertThat(read(service.formatted("")).affinity()).isZero();
        assertThat(read(service.formatted(", 'sessionAffinity': 'None'")).affinity())
                .isZero();
        assertThat(read(service.formatted(", 'sessionAffinity': 'ClientIP'")).affinity())
                .isEqualTo(Duration.ofHours(3));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'spec': {'clusterIP': 'None', 'clusterIPs': ['None'], 'ports': [{'port': 80}]}",
                "'spec': {'type': 'ExternalName', 'externalName': 'example.com'}",
                "'spec': {'ports': [{'port': 80}]}",
            })
    void whatHasNoAddressIsLeftAlone(String rest) {
        assertThat(ServiceReader.read(
                        service("{'metadata': {'namespace': 'a', 'name': 'b'}, " + rest + "}"), List.of()))
                .isEmpty();
    }

    @Test
    void anotherProxysServiceIsLeftAlone() {
        assertThat(ServiceReader.read(service("""
                {'metadata': {'namespace': 'a', 'name': 'b', 'labels': {'service.kubernetes.io/service-proxy-name': 'x'}},
                 'spec': {'clusterIP': '172.30.0.1', 'ports': [{'port': 80}]}}"""), List.of())).isEmpty();
    }

    @Test
    void anEndpointInTwoSlicesIsOne() {
        String slice = """
                {'metadata': {'name': 's-%s'}, 'addressType': 'IPv4', 'ports': [{'port': 8080}],
                 'endpoints': [{'addresses': ['10.60.1.2'], 'conditions': {'ready': true}}]}""";
        ServiceFacts facts = read(
                "{'metadata': {'namespace': 'a', 'name': 'b'}, 'spec': {'clusterIP': '172.30.0.1', 'ports': [{'port': 80}]}}",
                slice.formatted("1"),
                slice.formatted("2"));
        assertThat(facts.ports().getFirst().endpoints()).hasSize(1);
    }
}
