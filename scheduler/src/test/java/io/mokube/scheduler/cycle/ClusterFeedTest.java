package io.mokube.scheduler.cycle;

import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import io.mokube.scheduler.queue.SchedulingQueue.Sizes;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.testkit.SimulatedClock;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the API says of nominations against what decisions say that are still being written down. */
class ClusterFeedTest {

    private static final Pod PLAIN = pod("p", "cpu=2").build();
    private static final Pod NOMINATED = pod("p", "cpu=2")
            .withNewStatus()
            .withNominatedNodeName("one")
            .endStatus()
            .build();

    private final ClusterState state = new ClusterState();
    private final Profiles profiles = Profiles.of(DefaultPlugins.profile("default-scheduler"));
    private final SchedulingQueue queue =
            new SchedulingQueue(new SimulatedClock(), Delays.DEFAULT, profiles, state::snapshot);
    private final ClusterFeed feed = new ClusterFeed(state, queue, profiles);

    @BeforeEach
    void aPodThatFitsNowhere() throws InterruptedException {
        feed.pods().added(PLAIN);
        queue.rejected(queue.take().orElseThrow(), Set.of("NodeResourcesFit"));
    }

    @Test
    void aDecisionStandsUntilTheApiKnowsIt() {
        state.nominate(PodInfo.of(PLAIN), "one");
        feed.pods().updated(PLAIN, PLAIN);
        assertThat(state.nominatedNode("uid-p")).isEqualTo("one");
        feed.pods().updated(PLAIN, NOMINATED);
        assertThat(state.nominatedNode("uid-p")).isEqualTo("one");
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 0, 1, 0));
    }

    @Test
    void roomThatWasTakenBackIsNotKeptBecauseTheNewsOfItsBeingKeptCameLate() {
        state.nominate(PodInfo.of(PLAIN), "one");
        state.withdrawNomination("uid-p");
        feed.pods().updated(PLAIN, NOMINATED);
        assertThat(state.nominatedNode("uid-p")).isEqualTo("one");
        feed.pods().updated(NOMINATED, PLAIN);
        assertThat(state.nominatedNode("uid-p")).isEmpty();
        assertThat(queue.sizes()).as("it looks elsewhere").isEqualTo(new Sizes(0, 1, 0, 0));
    }

    @Test
    void aLaterDecisionOutlivesTheNewsOfAnEarlierOnesEnd() {
        feed.pods().updated(PLAIN, NOMINATED);
        state.nominate(PodInfo.of(PLAIN), "two");
        feed.pods().updated(NOMINATED, PLAIN);
        assertThat(state.nominatedNode("uid-p")).isEqualTo("two");
    }
}
