package io.mokube.standalone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodNetworksTest {

    private static final String CLAIMED = "claimed ";

    @TempDir
    private static Path folder;

    /** Claims a network for a cluster, says which, and keeps it. */
    static final class Claimer {

        private Claimer() {}

        public static void main(String[] arguments) throws InterruptedException {
            System.out.println(CLAIMED + claimFor(Path.of(arguments[0]), arguments[1]));
            new CountDownLatch(1).await();
        }
    }

    private static int claimFor(Path claims, String cluster) {
        return PodNetworks.claim(claims, new ClusterFolder(claims.resolveSibling(cluster)));
    }

    @Test
    void whoStartsAtTheSameMomentGetsAnother() throws Exception {
        Path claims = folder.resolve("claims");
        try (ChildProcess other = ChildProcess.start(
                "claimer", ChildProcess.javaCommand(Claimer.class, claims.toString(), "other"), Map.of())) {
            int others = Await.value("the other's network", () -> networkIn(other.log()));
            int first = claimFor(claims, "first");
            int second = claimFor(claims, "second");
            assertThat(others).isBetween(200, 254);
            assertThat(first).isBetween(200, 254).isNotEqualTo(others);
            assertThat(second).isBetween(200, 254).isNotIn(first, others);
        }
    }

    @Test
    void aClusterThatIsDownKeepsItsNetworkUntilItIsRemoved() throws Exception {
        Path claims = folder.resolve("kept");
        Path description = Files.createDirectories(folder.resolve("down")).resolve("mokube.json");
        try (ChildProcess down = ChildProcess.start(
                "claimer", ChildProcess.javaCommand(Claimer.class, claims.toString(), "down"), Map.of())) {
            int network = Await.value("its network", () -> networkIn(down.log()));
            Files.createFile(description);
            down.kill();
            Path claim = claims.resolve(Integer.toString(network));
            assertThat(claim).content().isEqualTo(folder.resolve("down").toString());
            assertThat(claimFor(claims, "next")).isNotEqualTo(network);
            assertThat(claim).content().isEqualTo(folder.resolve("down").toString());

            Files.delete(description);
            Await.until("it is taken again", () -> {
                claimFor(claims, "later");
                return Files.readString(claim).endsWith("/later");
            });
        }
    }

    private static Optional<Integer> networkIn(String log) {
        return log.lines()
                .filter(line -> line.startsWith(CLAIMED))
                .map(line -> Integer.parseInt(line.substring(CLAIMED.length())))
                .findFirst();
    }
}
