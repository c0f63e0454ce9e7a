package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private JsonNode write(OptionalInt mtu) throws IOException {
        new CniNetwork("mk0", "10.244.1.0/24", mtu).write(folder, Path.of("/addresses"));
        return Json.MAPPER
                .readTree(Files.readString(folder.resolve("10-mokube.conflist")))
                .at("/plugins/0");
    }
}
