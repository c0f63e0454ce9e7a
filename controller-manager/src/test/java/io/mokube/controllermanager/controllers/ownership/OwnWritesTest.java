package io.mokube.controllermanager.controllers.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.client.rest.ConnectionException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OwnWritesTest {

    private final OwnWrites writes = new OwnWrites();

    @Test
    void aCreationIsObservedOnceTheCacheShowsIt() {
        Pod pod = pod("uid-1", 7, false);
        writes.stored("owner", pod);
        assertThat(writes.observed("owner", key -> null, 6)).isFalse();
        assertThat(writes.observed("owner", key -> pod, 6)).isTrue();
        assertThat(writes.observed("owner", key -> null, 6)).isTrue();
    }

    @Test
    void aCreationIsObservedOnceTheCacheHasPassedIt() {
        writes.stored("owner", pod("uid-1", 7, false));
        assertThat(writes.observed("owner", key -> null, 7)).isTrue();
    }

    @Test
    void anUpdateIsNotObservedInAnOlderCopy() {
        writes.stored("owner", pod("uid-1", 7, false));
        assertThat(writes.observed("owner", key -> pod("uid-1", 5, false), 6)).isFalse();
        assertThat(writes.observed("owner", key -> pod("uid-1", 9, false), 6)).isTrue();
    }

    @Test
    void aDeletionIsObservedWhenThePodGoesIsGoneOrWasReplaced() {
        writes.deleted("owner", pod("uid-1", 7, false));
        assertThat(writes.observed("owner", key -> pod("uid-1", 7, false), 99)).isFalse();
        assertThat(writes.observed("owner", key -> pod("uid-1", 8, true), 8)).isTrue();
        writes.deleted("owner", pod("uid-1", 7, false));
        assertThat(writes.observed("owner", key -> pod("uid-2", 9, false), 9)).isTrue();
        writes.deleted("owner", pod("uid-1", 7, false));
        assertThat(writes.observed("owner", key -> null, 9)).isTrue();
    }

    @Test
    void ownersDoNotWaitForEachOther() {
        writes.stored("owner", pod("uid-1", 7, false));
        assertThat(writes.observed("other", key -> null, 0)).isTrue();
        writes.forget("owner");
        assertThat(writes.observed("owner", key -> null, 0)).isTrue();
    }

    @Test
    void whatTheServerHasIsWaitedForWhenARequestGotNoAnswer() {
        Pod pod = pod("uid-1", 7, false);
        ObjectKey key = Ownership.key(pod);
        assertThat(writes.failed("owner", key, new ConnectionException("cut"))).isTrue();
        assertThat(writes.settle("owner", any -> Optional.of(pod))).containsExactly(key);
        assertThat(writes.observed("owner", any -> null, 6)).isFalse();
        assertThat(writes.observed("owner", any -> pod, 7)).isTrue();
        assertThat(writes.settle("owner", any -> Optional.of(pod))).isEmpty();
    }

    @Test
    void nothingIsWaitedForWhenTheServerHasNothing() {
        ObjectKey key = Ownership.key(pod("uid-1", 7, false));
        writes.failed("owner", key, new ConnectionException("cut"));
        assertThat(writes.settle("owner", any -> Optional.empty())).isEmpty();
        assertThat(writes.observed("owner", any -> null, 0)).isTrue();
    }

    @Test
    void itIsAskedAgainWhenTheQuestionGotNoAnswerEither() {
        Pod pod = pod("uid-1", 7, false);
        writes.failed("owner", Ownership.key(pod), new ConnectionException("cut"));
        assertThatThrownBy(() -> writes.settle("owner", any -> {
                    throw new ConnectionException("cut again");
                }))
                .isInstanceOf(ConnectionException.class);
        assertThat(writes.settle("owner", any -> Optional.of(pod))).hasSize(1);
    }

    @Test
    void aRefusalIsAnAnswer() {
        Pod pod = pod("uid-1", 7, false);
        assertThat(writes.failed("owner", Ownership.key(pod), ApiException.badRequest("no")))
                .isFalse();
        assertThat(writes.settle("owner", any -> Optional.of(pod))).isEmpty();
    }

    private static Pod pod(String uid, long revision, boolean deleting) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web-abcde")
                .withUid(uid)
                .withResourceVersion(Long.toString(revision))
                .withDeletionTimestamp(deleting ? "2026-01-01T00:00:00Z" : null)
                .endMetadata()
                .build();
    }
}
