package io.mokube.controllermanager.controllers.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
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
