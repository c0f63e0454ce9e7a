package io.mokube.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitTest {

    @Test
    void returnsTheValueOnceItIsThere() {
        AtomicInteger looks = new AtomicInteger();
        int found = Await.value(
                "third look", () -> Optional.of(looks.incrementAndGet()).filter(n -> n == 3));
        assertThat(found).isEqualTo(3);
    }

    @Test
    void aFailureSaysWhatWasAwaitedAndSeen() {
        assertThatThrownBy(() ->
                        Await.passes(Duration.ofMillis(20), () -> assertThat(1).isEqualTo(2)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("assertions to pass")
                .hasMessageContaining("expected: 2");
        assertThatThrownBy(() -> Await.until(Duration.ofMillis(20), "the moon", () -> false))
                .hasMessageContaining("the moon");
    }
}
