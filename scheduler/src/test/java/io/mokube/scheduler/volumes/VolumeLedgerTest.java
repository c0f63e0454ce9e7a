package io.mokube.scheduler.volumes;

import static io.mokube.scheduler.volumes.TestVolumes.claim;
import static io.mokube.scheduler.volumes.TestVolumes.volume;
import static io.mokube.scheduler.volumes.TestVolumes.waiting;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.TestPods;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.volumes.VolumePlan.Binding;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What is set aside of storage for pods on their way. */
class VolumeLedgerTest {

    private static final NodeFacts NODE =
            NodeFacts.of(TestPods.node("n", "cpu=1").build());

    private final VolumeLedger ledger = new VolumeLedger();

    private VolumePlan plan(String... claims) {
        List<ClaimFacts> facts = List.of(claims).stream()
                .map(name -> requireNonNull(ledger.view().claim(new ObjectKey("default", name))))
                .toList();
        return ((ClaimMatch.Answer.Possible) new ClaimMatch(facts, ledger.view()).on(NODE)).plan();
    }

    private void put(PersistentVolumeClaimBuilder claim) {
        ledger.put(ClaimFacts.of(claim.build()));
    }

    private void put(PersistentVolumeBuilder volume) {
        ledger.put(VolumeFacts.of(volume.build()));
    }

    private void twoClaimsForOneVolume() {
        ledger.put(
                ClassFacts.of(waiting("local", "kubernetes.io/no-provisioner").build()));
        put(claim("one", "local", "1Gi"));
        put(claim("two", "local", "1Gi"));
        put(volume("v", "local", "1Gi"));
    }

    @Example
    void ofTwoPodsThatWereDecidedOnTogetherOneGetsTheVolume() {
        twoClaimsForOneVolume();
        VolumePlan first = plan("one");
        VolumePlan second = plan("two");
        assertThat(ledger.reserve("pod-1", "n", first)).isTrue();
        assertThat(ledger.reserve("pod-2", "n", second)).isFalse();
        assertThat(ledger.plan("pod-2").isEmpty()).isTrue();
        assertThat(new ClaimMatch(
                                List.of(requireNonNull(ledger.view().claim(new ObjectKey("default", "two")))),
                                ledger.view())
                        .on(NODE))
                .isInstanceOf(ClaimMatch.Answer.NoVolume.class);
    }

    @Example
    void whatIsGivenBackIsFreeAgain() {
        twoClaimsForOneVolume();
        ledger.reserve("pod-1", "n", plan("one"));
        ledger.release("pod-1");
        assertThat(ledger.view()).isEqualTo(ledger.seen());
        assertThat(ledger.reserve("pod-2", "n", plan("two"))).isTrue();
    }

    @Example
    void anUpdateFromElsewhereDoesNotFreeWhatIsSetAside() {
        twoClaimsForOneVolume();
        ledger.reserve("pod-1", "n", plan("one"));
        put(volume("v", "local", "1Gi")
                .editMetadata()
                .withResourceVersion("11")
                .addToLabels("seen", "again")
                .endMetadata());
        assertThat(requireNonNull(ledger.view().volume("v")).claim()).contains(new ObjectKey("default", "one"));
        assertThat(requireNonNull(ledger.seen().volume("v")).claim()).isEmpty();
    }

    @Example
    void aVolumeThatSomebodyElseTookIsNotReserved() {
        twoClaimsForOneVolume();
        VolumePlan plan = plan("one");
        put(volume("v", "local", "1Gi")
                .editSpec()
                .withNewClaimRef()
                .withNamespace("default")
                .withName("two")
                .withUid("uid-two")
                .endClaimRef()
                .endSpec());
        assertThat(ledger.reserve("pod-1", "n", plan)).isFalse();
    }

    @Example
    void aClaimOfTwoPodsKeepsItsVolumeUntilBothAreThroughOrGone() {
        twoClaimsForOneVolume();
        assertThat(ledger.reserve("pod-1", "n", plan("one"))).isTrue();
        assertThat(ledger.reserve("pod-2", "n", plan("one"))).isTrue();
        ledger.release("pod-1");
        assertThat(requireNonNull(ledger.view().volume("v")).claim()).contains(new ObjectKey("default", "one"));
        ledger.release("pod-2");
        assertThat(requireNonNull(ledger.view().volume("v")).claim()).isEmpty();
    }

    @Example
    void aNodeChosenForAClaimHoldsForOtherPodsOfTheClaim() {
        ledger.put(ClassFacts.of(waiting("made", "example.com/maker").build()));
        put(claim("one", "made", "1Gi"));
        assertThat(ledger.reserve("pod-1", "n", plan("one"))).isTrue();
        ClaimFacts seen = requireNonNull(ledger.view().claim(new ObjectKey("default", "one")));
        NodeFacts other = NodeFacts.of(TestPods.node("m", "cpu=1").build());
        assertThat(seen.selectedNode()).isEqualTo("n");
        assertThat(new ClaimMatch(List.of(seen), ledger.view()).on(other))
                .isInstanceOf(ClaimMatch.Answer.NoVolume.class);
        ledger.release("pod-1");
        assertThat(requireNonNull(ledger.view().claim(new ObjectKey("default", "one")))
                        .selectedNode())
                .isEmpty();
    }

    /** One step of a history: a pod asks for a volume, gives it back, or is seen to have got it. */
    record Step(int pod, Kind kind) {
        enum Kind {
            RESERVE,
            RELEASE,
            SEEN
        }
    }

    @Provide
    Arbitrary<List<Step>> histories() {
        return Combinators.combine(Arbitraries.integers().between(0, 5), Arbitraries.of(Step.Kind.class))
                .as(Step::new)
                .list()
                .ofMaxSize(40);
    }

    @Property(tries = 300)
    void noVolumeEverGoesToTwoClaims(@ForAll("histories") List<Step> history) {
        VolumeLedger fresh = new VolumeLedger();
        fresh.put(ClassFacts.of(waiting("local", "kubernetes.io/no-provisioner").build()));
        for (int i = 0; i < 6; i++) {
            fresh.put(ClaimFacts.of(claim("c" + i, "local", "1Gi").build()));
        }
        for (int i = 0; i < 3; i++) {
            fresh.put(VolumeFacts.of(volume("v" + i, "local", (i + 1) + "Gi").build()));
        }
        // Decisions look at snapshots that may be old: here, at the one before the step.
        Volumes old = fresh.view();
        Map<Integer, Binding> holding = new HashMap<>();
        Set<Integer> settled = new HashSet<>();
        for (Step step : history) {
            String uid = "pod-" + step.pod();
            Volumes now = fresh.view();
            switch (step.kind()) {
                case RESERVE -> {
                    ClaimFacts claim = requireNonNull(old.claim(new ObjectKey("default", "c" + step.pod())));
                    if (!holding.containsKey(step.pod())
                            && new ClaimMatch(List.of(claim), old).on(NODE)
                                    instanceof ClaimMatch.Answer.Possible(VolumePlan plan)
                            && fresh.reserve(uid, "n", plan)) {
                        holding.put(step.pod(), plan.bindings().getFirst());
                    }
                }
                case RELEASE -> {
                    fresh.release(uid);
                    if (!settled.contains(step.pod())) {
                        holding.remove(step.pod());
                    }
                }
                case SEEN -> {
                    Binding binding = holding.get(step.pod());
                    if (binding != null && settled.add(step.pod())) {
                        fresh.put(binding.volume().givenTo(binding.claim()));
                        fresh.release(uid);
                    }
                }
            }
            old = now;
            assertThat(holding.values().stream().map(each -> each.volume().name()))
                    .doesNotHaveDuplicates();
            holding.values()
                    .forEach(each -> assertThat(requireNonNull(
                                            fresh.view().volume(each.volume().name()))
                                    .claim())
                            .contains(each.claim().key()));
            assertThat(
                            fresh.view().unclaimed().isEmpty()
                                    ? 0
                                    : requireNonNull(fresh.view().unclaimed().get("local"))
                                            .size())
                    .isEqualTo(3 - holding.size());
        }
    }
}
