package io.mokube.controllermanager.controllers.servicecidr;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.controllermanager.controllers.servicecidr.ServiceCidrDecision.Step;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ServiceCidrDecisionTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void aRangeThatLivesIsKept() {
        assertThat(step(range("a", null, "10.0.0.0/24"), List.of())).isEqualTo(new Step.Keep());
    }

    @Test
    void aRangeWhoseAddressesAreInUseStays() {
        KubeObject going = range("a", "2026-01-01T11:00:00Z", "10.0.0.0/24", "fd00::/112");
        assertThat(step(going, List.of(address("10.0.0.7")))).isEqualTo(new Step.Block());
        assertThat(step(going, List.of(address("fd00::7")))).isEqualTo(new Step.Block());
        assertThat(step(going, List.of(address("10.0.1.7")))).isEqualTo(new Step.Release());
        KubeObject strange = address("10.0.0.7");
        strange.metadata().putObject("labels");
        assertThat(step(going, List.of(strange))).isEqualTo(new Step.Release());
    }

    @Test
    void anotherRangeMayTakeTheAddressesOver() {
        KubeObject going = range("a", "2026-01-01T11:00:00Z", "10.0.0.0/24");
        List<KubeObject> used = List.of(address("10.0.0.7"));
        assertThat(step(going, used, range("all", null, "10.0.0.0/16"))).isEqualTo(new Step.Release());
        assertThat(step(going, used, range("same", null, "10.0.0.0/24"))).isEqualTo(new Step.Release());
        assertThat(step(going, used, range("part", null, "10.0.0.0/28"))).isEqualTo(new Step.Release());
        assertThat(step(going, used, range("other part", null, "10.0.0.16/28"))).isEqualTo(new Step.Block());
        assertThat(step(going, used, range("going too", "2026-01-01T11:00:00Z", "10.0.0.0/16")))
                .isEqualTo(new Step.Block());
    }

    @Test
    void everybodyHasTimeToHearThatARangeIsGoing() {
        assertThat(step(range("a", "2026-01-01T11:59:53Z", "10.0.0.0/24"), List.of()))
                .isEqualTo(new Step.Wait(Duration.ofSeconds(3)));
        assertThat(step(range("a", "2026-01-01T11:59:50Z", "10.0.0.0/24"), List.of()))
                .isEqualTo(new Step.Release());
    }

    private static Step step(KubeObject range, List<KubeObject> addresses, KubeObject... others) {
        List<KubeObject> ranges =
                Stream.concat(Stream.of(range), Stream.of(others)).toList();
        return ServiceCidrDecision.step(range, ranges, addresses, NOW);
    }

    private static KubeObject range(String name, @Nullable String deleted, String... cidrs) {
        KubeObject range = KubeObject.of("networking.k8s.io/v1", "ServiceCIDR");
        range.setMetadata("name", name);
        if (deleted != null) {
            range.setMetadata("deletionTimestamp", deleted);
        }
        var array = range.root().putObject("spec").putArray("cidrs");
        for (String cidr : cidrs) {
            array.add(cidr);
        }
        return range;
    }

    private static KubeObject address(String ip) {
        KubeObject address = KubeObject.of("networking.k8s.io/v1", "IPAddress");
        address.setMetadata("name", ip);
        address.metadata().putObject("labels").put("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io");
        return address;
    }
}
