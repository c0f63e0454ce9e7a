package io.mokube.controllermanager.controllers.endpointslice;

import static io.mokube.controllermanager.controllers.services.Services.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ZoneHintsTest {

    @Test
    void zonesHaveTheShareOfTheirReadyNodesProcessors() {
        Node controlPlane = new NodeBuilder(node("cp", "a", "64"))
                .editMetadata()
                .addToLabels("node-role.kubernetes.io/control-plane", "")
                .endMetadata()
                .build();
        Node down = new NodeBuilder(node("down", "a", "64"))
                .editStatus()
                .editFirstCondition()
                .withStatus("Unknown")
                .endCondition()
                .endStatus()
                .build();
        assertThat(ZoneHints.shares(List.of(
                        node("1", "a", "1"), node("2", "b", "2500m"), node("3", "a", "500m"), controlPlane, down)))
                .isEqualTo(Map.of("a", 0.375, "b", 0.625));
    }

    @Test
    void thereAreNoSharesOfOneZoneOrWhenANodeSaysTooLittle() {
        assertThat(ZoneHints.shares(List.of(node("1", "a", "1"), node("2", "a", "1"))))
                .isEmpty();
        assertThat(ZoneHints.shares(List.of(node("1", "a", "1"), node("2", "b", "1"), node("3", "", "1"))))
                .isEmpty();
        assertThat(ZoneHints.shares(List.of(node("1", "a", "1"), node("2", "b", "0"))))
                .isEmpty();
    }

    @Test
    void everyZoneUsesItsOwnWhenThatIsFair() {
        assertThat(hinted(Map.of("a", 0.5, "b", 0.5), "aaabbb")).isEqualTo("aaabbb");
    }

    @Test
    void aZoneWithTooManyGivesToOneWithTooFew() {
        assertThat(count(hinted(Map.of("a", 0.5, "b", 0.5), "aaaaab"))).isEqualTo(Map.of('a', 3, 'b', 3));
        assertThat(count(hinted(Map.of("a", 0.2, "b", 0.3, "c", 0.5), "aaaaaaaaaa")))
                .isEqualTo(Map.of('a', 2, 'b', 3, 'c', 5));
    }

    @Test
    void thereAreNoHintsWhenNotEveryZoneCanHaveItsMinimum() {
        assertThat(problem(Map.of("a", 0.5, "b", 0.5), "a"))
                .contains("Insufficient number of endpoints (1 endpoints, 2 zones)");
        assertThat(problem(Map.of("a", 0.67, "b", 0.33), "ab"))
                .isEqualTo(Optional.of(
                        "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
                                + " (2 endpoints, 2 zones)"));
        assertThat(problem(Map.of(), "ab"))
                .contains("Insufficient Node information: allocatable CPU or zone not specified on one or more nodes");
        assertThat(problem(Map.of("a", 0.5, "b", 0.5), "aab "))
                .contains("One or more endpoints do not have a zone specified");
    }

    @Test
    void whatIsUntouchedKeepsHintsThatAreStillPossible() {
        SliceDraft kept = draft(true, List.of(endpoint("a", "b"), endpoint("b", "a")));
        SliceDraft fresh = draft(false, List.of(endpoint("a", ""), endpoint("b", "")));
        assertThat(hints(ZoneHints.assign(List.of(kept, fresh), Map.of("a", 0.5, "b", 0.5))))
                .isEqualTo("baab");
        SliceDraft impossible = draft(
                true,
                List.of(
                        endpoint("a", "a"),
                        endpoint("b", "a"),
                        endpoint("b", "a"),
                        endpoint("b", "a"),
                        endpoint("b", "a")));
        assertThat(count(hints(ZoneHints.assign(List.of(impossible), Map.of("a", 0.4, "b", 0.6)))))
                .isEqualTo(Map.of('a', 2, 'b', 3));
    }

    private static Optional<String> problem(Map<String, Double> shares, String zones) {
        return ZoneHints.assign(List.of(draft(false, endpoints(zones))), shares).problem();
    }

    private static String hinted(Map<String, Double> shares, String zones) {
        return hints(ZoneHints.assign(List.of(draft(false, endpoints(zones))), shares));
    }

    private static String hints(ZoneHints.Result result) {
        assertThat(result.problem()).isEmpty();
        StringBuilder hints = new StringBuilder();
        result.drafts().stream()
                .flatMap(draft -> draft.endpoints().stream())
                .map(EndpointFacts::hintedZones)
                .forEach(zones -> hints.append(String.join("", zones)));
        return hints.toString();
    }

    private static Map<Character, Integer> count(String hints) {
        Map<Character, Integer> counts = new TreeMap<>();
        hints.chars().forEach(zone -> counts.merge((char) zone, 1, Integer::sum));
        return counts;
    }

    private static List<Endpoint> endpoints(String zones) {
        return zones.chars()
                .mapToObj(zone -> endpoint(zone == ' ' ? "" : String.valueOf((char) zone), ""))
                .toList();
    }

    private static Endpoint endpoint(String zone, String hint) {
        Endpoint endpoint = new EndpointBuilder()
                .withAddresses("10.0.0.1")
                .withZone(zone.isEmpty() ? null : zone)
                .withNewConditions()
                .withReady(true)
                .endConditions()
                .build();
        return hint.isEmpty() ? endpoint : TrafficHints.forZone(endpoint, hint);
    }

    private static SliceDraft draft(boolean untouched, List<Endpoint> endpoints) {
        return new SliceDraft(Optional.empty(), "IPv4", List.of(), endpoints, untouched);
    }
}
