package io.mokube.apiserver.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.object.KubeObject;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pure parts: who a server is, and where it is found. */
class PeersTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final InetAddress FOUR = InetAddress.ofLiteral("0.0.0.0");

    @ParameterizedTest
    @CsvSource({
        // SHA-256 of the name, its first 16 bytes in base 32.
        "node-a.example.com, apiserver-7znrws7ct7qxwg7jchlq2h4ba4",
        // A hash that begins with zeros.
        "h90, apiserver-aj36okzoql2usvajsdxghsmmra"
    })
    void aMachinesNameMakesTheLeasesName(String hostname, String name) {
        assertThat(new ServerIdentity(hostname, UUID.randomUUID()).name()).isEqualTo(name);
    }

    @Test
    void renewingKeepsWhatOthersWrote() {
        UUID instance = new UUID(1, 2);
        ServerIdentity identity = new ServerIdentity("node-a.example.com", instance);
        KubeObject lease = identity.renew(null, NOW);
        lease.metadata().putObject("annotations").put("a", "b");
        KubeObject renewed = identity.renew(lease, NOW.plusSeconds(10));
        assertThat(renewed.annotations()).containsEntry("a", "b");
        assertThat(renewed.labels())
                .containsEntry("apiserver.kubernetes.io/identity", "kube-apiserver")
                .containsEntry("kubernetes.io/hostname", "node-a.example.com");
        assertThat(renewed.at("spec", "renewTime").asString("")).isEqualTo("2026-03-01T12:00:10.000000Z");
        assertThat(renewed.at("spec", "holderIdentity").asString("")).isEqualTo(identity.name() + "_" + instance);
        assertThat(renewed.at("spec", "leaseDurationSeconds").asInt(0)).isEqualTo(3600);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'leaseDurationSeconds':3600,'renewTime':'2026-03-01T11:00:01.000000Z'} | false",
                "{'leaseDurationSeconds':3600,'renewTime':'2026-03-01T10:59:59.000000Z'} | true",
                "{'leaseDurationSeconds':3600,'renewTime':'2026-03-01T13:00:00.000000Z'} | false",
                "{'leaseDurationSeconds':3600} | true",
                "{'renewTime':'2026-03-01T11:59:59.000000Z'} | true",
                "{} | true",
            })
    void leasesThatNobodyRenewsExpire(String spec, boolean expired) {
        // The quotes of the table are those of JSON.
        KubeObject lease =
                KubeObject.parse(("{\"spec\":" + spec.replace('\'', '"') + "}").getBytes(StandardCharsets.UTF_8));
        assertThat(ServerIdentity.isExpired(lease, NOW)).isEqualTo(expired);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7, 0.0.0.0, 192.0.2.7",
        "192.0.2.7, 127.0.0.1, 192.0.2.7",
        ", 192.0.2.8, 192.0.2.8",
        ", 127.0.0.1,",
        ", ::1,",
        ", localhost,",
        "127.0.0.1, 0.0.0.0,",
        "169.254.1.1, 0.0.0.0,",
        "fe80::1, ::,",
        "0.0.0.0, 0.0.0.0,",
        "224.0.0.1, 0.0.0.0,",
    })
    void advertisesWhatOthersCanReach(String configured, String bound, String advertised) {
        assertThat(AdvertisedAddress.of(configured, bound, FOUR).map(InetAddress::getHostAddress))
                .isEqualTo(Optional.ofNullable(advertised));
    }

    @Test
    void advertisesAnAddressOfThisMachine() throws Exception {
        Optional<InetAddress> found = AdvertisedAddress.of(null, "0.0.0.0", FOUR);
        assertThat(found.isPresent())
                .isEqualTo(AdvertisedAddress.ofMachine(FOUR).isPresent());
        if (found.isPresent()) {
            assertThat(found.get().isLoopbackAddress()).isFalse();
            assertThat(NetworkInterface.getByInetAddress(found.get())).isNotNull();
        }
    }

    @Test
    void refusesWhatIsNoAddress() {
        assertThatThrownBy(() -> AdvertisedAddress.of("example.com", "0.0.0.0", FOUR))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
