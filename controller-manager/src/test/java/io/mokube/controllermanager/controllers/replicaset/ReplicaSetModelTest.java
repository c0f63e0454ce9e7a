package io.mokube.controllermanager.controllers.replicaset;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** A ReplicaSet alone, while pods fail, are relabelled and made by hand, events are lost and repeated, and it restarts. */
class ReplicaSetModelTest {

    @Property(tries = 400, shrinking = ShrinkingMode.BOUNDED, seed = "4242026010112345678")
    void neverCreatesAPodTooManyAndHasAllInTheEnd(
            @ForAll @IntRange(min = 0, max = 8) int replicas,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        ReplicaSetModel model = new ReplicaSetModel(replicas);
        for (int chapter : story) {
            happens(model, chapter % 24, chapter / 24);
            model.tick();
        }
        settle(model);
    }

    private static void happens(ReplicaSetModel model, int kind, int detail) {
        switch (kind) {
            case 0 -> pick(model, detail).ifPresent(pod -> model.ends(pod, detail % 2 == 0 ? "Failed" : "Succeeded"));
            case 1 -> pick(model, detail).ifPresent(model::isDeleted);
            case 2, 3 -> pick(model, detail).ifPresent(model::isGone);
            case 4, 5 -> pick(model, detail).ifPresent(model::becomesReady);
            case 6 -> pick(model, detail).ifPresent(model::relabel);
            case 7 -> model.makeOrphan();
            case 8 -> model.scale(detail % 9);
            case 9 -> model.loseAnswers(1 + detail % 3);
            case 10 -> model.refuseCreations(1 + detail % 3);
            case 11 -> model.restart();
            case 12 -> model.relist();
            case 13 -> model.repeat(1 + detail % 20);
            case 14, 15 -> model.deliverReplicaSet();
            case 16, 17, 18 -> model.deliver(1 + detail % 9);
            case 19 -> {
                if (detail % 5 == 0) {
                    model.replaceByNamesake();
                } else {
                    model.collectGarbage();
                }
            }
            default -> model.reconcile();
        }
    }

    /** Nothing goes wrong any more, and then nothing is written any more. */
    private static void settle(ReplicaSetModel model) {
        model.loseAnswers(0);
        model.refuseCreations(0);
        long before = -1;
        for (int round = 0; round < 100 && model.revision() != before; round++) {
            before = model.revision();
            model.collectGarbage();
            model.deliverReplicaSet();
            model.deliver(Integer.MAX_VALUE);
            model.reconcile();
            for (Pod pod : model.live()) {
                if (Ownership.isBeingDeleted(pod)) {
                    model.isGone(pod);
                } else if (!PodFacts.isReady(pod)) {
                    model.becomesReady(pod);
                }
            }
            model.tick();
        }
        assertThat(model.revision()).as("it comes to rest").isEqualTo(before);
        model.assertSettled();
    }

    private static Optional<Pod> pick(ReplicaSetModel model, int choice) {
        List<Pod> all = model.live();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(choice % all.size()));
    }
}
