package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class CniNetworkTest {

    @TempDir
    private Path folder;

    @Test
    void packetsAreMadeSmallerOnlyWhereTheyTravelInsideOfOthers() throws IOException {
        JsonNode plain = write(OptionalInt.empty());
        assertThat(plain.path("bridge").asString()).isEqualTo("mk0");
        assertThat(plain.at("/ipam/ranges/0/0/subnet").asString()).isEqualTo("10.244.1.0/24");
        assertThat(plain.has("mtu")).isFalse();
        assertThat(write(OptionalInt.of(1450)).path("mtu").asInt()).isEqualTo(1450);
    }

    @Test
    void podsGetAnAddressOfEachFamilyAndAWayOutForIt() throws IOException {
        JsonNode ipam = write(OptionalInt.empty(), Cidr.of("10.244.1.0/24"), Cidr.of("fd00:10:244:1::/64"))
                .path("ipam");
        assertThat(ipam.path("ranges").toString())
                .isEqualTo("[[{\"subnet\":\"10.244.1.0/24\"}],[{\"subnet\":\"fd00:10:244:1::/64\"}]]");
        assertThat(ipam.path("routes").toString()).isEqualTo("[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"::/0\"}]");
        assertThat(write(OptionalInt.empty(), Cidr.of("fd00:10:244:1::/64"))
                        .at("/ipam/routes")
                        .toString())
                .isEqualTo("[{\"dst\":\"::/0\"}]");
    }

    private JsonNode write(OptionalInt mtu) throws IOException {
        return write(mtu, Cidr.of("10.244.1.0/24"));
    }

    private JsonNode write(OptionalInt mtu, Cidr... pods) throws IOException {
        new CniNetwork("mk0", List.of(pods), mtu).write(folder, Path.of("/addresses"));
        return Json.MAPPER
                .readTree(Files.readString(folder.resolve("10-mokube.conflist")))
                .at("/plugins/0");
    }
}
