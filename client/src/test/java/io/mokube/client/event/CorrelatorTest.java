package io.mokube.client.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.mokube.client.event.Correlator.Sequence;
import io.mokube.client.event.Correlator.Verdict;
import io.mokube.client.event.EventRecorder.Observation;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CorrelatorTest {

    private final SimulatedClock clock = new SimulatedClock();
    private final Correlator correlator = new Correlator(clock);

    @Test
    void theSameAgainIsCounted() {
        Sequence first = sent("web", "Pulled", "image a");
        Sequence second = sent("web", "Pulled", "image a");
        assertThat(second).isSameAs(first);
        assertThat(second.count()).isEqualTo(2);
        assertThat(sent("web", "Pulled", "image b")).isNotSameAs(first);
        assertThat(sent("web", "Started", "image a")).isNotSameAs(first);
        assertThat(sent("other", "Pulled", "image a")).isNotSameAs(first);
    }

    @Test
    void theTenthThatDiffersInItsMessageAloneIsCombined() {
        for (int i = 1; i <= 9; i++) {
            assertThat(sent("web", "Unhealthy", "probe " + i).message()).isEqualTo("probe " + i);
        }
        Sequence combined = sent("web", "Unhealthy", "probe 10");
        assertThat(combined.message()).isEqualTo("(combined from similar events): probe 10");
        Sequence next = sent("web", "Unhealthy", "probe 11");
        assertThat(next).isSameAs(combined);
        assertThat(next.count()).isEqualTo(2);
        assertThat(next.message()).isEqualTo("(combined from similar events): probe 11");
        assertThat(sent("web", "Unhealthy", "probe 1").message())
                .as("one of the first nine is known")
                .isEqualTo("probe 1");

        clock.advance(Duration.ofMinutes(10));
        assertThat(sent("web", "Unhealthy", "probe 12").message())
                .as("the interval counts from the last one")
                .startsWith("(combined");
        clock.advance(Duration.ofMinutes(10).plusNanos(1));
        assertThat(sent("web", "Unhealthy", "probe 13").message()).isEqualTo("probe 13");
    }

    @Test
    void theContainersOfAPodShareItsEventsButAreToldApart() {
        Sequence one = sent(container("a"), "Pulled", "image");
        assertThat(sent(container("b"), "Pulled", "image")).isNotSameAs(one);
        assertThat(sent(container("a"), "Pulled", "image")).isSameAs(one);
        for (int i = 3; i < 25; i++) {
            sent(container(Integer.toString(i)), "Pulled", "image");
        }
        assertThat(correlate(container("c"), "Pulled", "image")).isInstanceOf(Verdict.Drop.class);
    }

    @Test
    void anObjectHas25EventsAndOneMoreEveryFiveMinutes() {
        for (int i = 0; i < 25; i++) {
            sent("web", "BackOff", "again");
        }
        assertThat(correlate("web", "BackOff", "again")).isInstanceOf(Verdict.Drop.class);
        assertThat(correlate("other", "BackOff", "again")).isInstanceOf(Verdict.Send.class);
        clock.advance(Duration.ofMinutes(5));
        assertThat(sent("web", "BackOff", "again").count())
                .as("dropped ones are counted, too")
                .isEqualTo(27);
        assertThat(correlate("web", "BackOff", "again")).isInstanceOf(Verdict.Drop.class);
    }

    private Sequence sent(String name, String reason, String message) {
        return sent(pod(name), reason, message);
    }

    private Sequence sent(ObjectReference about, String reason, String message) {
        Verdict verdict = correlate(about, reason, message);
        assertThat(verdict).isInstanceOf(Verdict.Send.class);
        return ((Verdict.Send) verdict).sequence();
    }

    private Verdict correlate(String name, String reason, String message) {
        return correlate(pod(name), reason, message);
    }

    private Verdict correlate(ObjectReference about, String reason, String message) {
        return correlator.correlate(new Observation(about, "Normal", reason, message, clock.instant()));
    }

    private static ObjectReference pod(String name) {
        return new ObjectReferenceBuilder()
                .withKind("Pod")
                .withNamespace("default")
                .withName(name)
                .build();
    }

    private static ObjectReference container(String name) {
        ObjectReference reference = pod("web");
        reference.setFieldPath("spec.containers{" + name + "}");
        return reference;
    }
}
