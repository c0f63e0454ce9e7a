package io.mokube.scheduler.explain;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.explain.DecisionLog.Kept;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The log forgets, by number and by size. */
class DecisionLogTest {

    private static final Profile PROFILE = DefaultPlugins.profile("default-scheduler");

    @Test
    void keepsTheLatestDecisionOfAPod() {
        DecisionLog log = new DecisionLog();
        log.add(kept("p", Snapshot.EMPTY, "one"));
        log.add(kept("p", Snapshot.EMPTY, "two"));
        assertThat(log.list("")).hasSize(1);
        assertThat(log.find(new ObjectKey("default", "p")).orElseThrow().decision())
                .isEqualTo(new Decision.Place("two", 1, 1));
        assertThat(log.list("elsewhere")).isEmpty();
    }

    @Test
    void forgetsTheOldestOfManyDecisions() {
        DecisionLog log = new DecisionLog();
        for (int i = 0; i < 1500; i++) {
            log.add(kept("p" + i, Snapshot.EMPTY, "one"));
        }
        assertThat(log.list("")).hasSize(1000);
        assertThat(log.find(new ObjectKey("default", "p499"))).isEmpty();
        assertThat(log.find(new ObjectKey("default", "p500"))).isPresent();
    }

    @Test
    void keepsFewerDecisionsOnABigCluster() {
        NodeInfo[] nodes = IntStream.range(0, 20_000)
                .mapToObj(i -> nodeInfo(node("n" + i, "cpu=1")))
                .toArray(NodeInfo[]::new);
        Snapshot big = snapshot(nodes);
        DecisionLog log = new DecisionLog();
        for (int i = 0; i < 150; i++) {
            log.add(kept("p" + i, big, "one"));
            log.add(kept("p" + i, big, "two"));
        }
        assertThat(log.list("")).hasSize(100);
    }

    private static Kept kept(String pod, Snapshot snapshot, String node) {
        return new Kept(PROFILE, info(pod, ""), snapshot, 0, new Decision.Place(node, 1, 1), Instant.EPOCH);
    }
}
