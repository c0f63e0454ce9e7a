package io.mokube.controllermanager.controllers.statefulset;

import static io.mokube.controllermanager.controllers.statefulset.Sets.NEW;
import static io.mokube.controllermanager.controllers.statefulset.Sets.NOW;
import static io.mokube.controllermanager.controllers.statefulset.Sets.OLD;
import static io.mokube.controllermanager.controllers.statefulset.Sets.onDelete;
import static io.mokube.controllermanager.controllers.statefulset.Sets.parallel;
import static io.mokube.controllermanager.controllers.statefulset.Sets.pending;
import static io.mokube.controllermanager.controllers.statefulset.Sets.ready;
import static io.mokube.controllermanager.controllers.statefulset.Sets.rolling;
import static io.mokube.controllermanager.controllers.statefulset.Sets.set;
import static io.mokube.controllermanager.controllers.statefulset.Sets.with;
import static io.mokube.controllermanager.controllers.statefulset.Sets.withClaims;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.statefulset.SetPlan.Step;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SetDecisionTest {

    private static SetPlan plan(StatefulSet set, Pod... pods) {
        return plan(set, List.of(), pods);
    }

    private static SetPlan plan(StatefulSet set, List<PersistentVolumeClaim> claims, Pod... pods) {
        Map<String, PersistentVolumeClaim> byName = claims.stream()
                .collect(Collectors.toMap(claim -> claim.getMetadata().getName(), Function.identity()));
        return SetDecision.plan(set, OLD, NEW, List.of(pods), name -> Optional.ofNullable(byName.get(name)), NOW);
    }

    /** The steps in a few words. */
    private static List<String> steps(SetPlan plan) {
        return plan.steps().stream()
                .map(step -> switch (step) {
                    case Step.CreatePod(Pod pod, List<PersistentVolumeClaim> claims) ->
                        "create " + Members.revision(pod).replace("web-", "") + " " + name(pod)
                                + (claims.isEmpty() ? "" : " after " + names(claims));
                    case Step.CreateClaims(Pod pod, List<PersistentVolumeClaim> claims) ->
                        "claims of " + name(pod) + " " + names(claims);
                    case Step.Report(Pod pod, String obstacle) -> "no " + name(pod) + ": " + obstacle;
                    case Step.UpdatePod(Pod pod) -> "mend " + name(pod);
                    case Step.UpdateClaim(PersistentVolumeClaim claim, boolean foreign) ->
                        "own " + name(claim) + " by " + owners(claim) + (foreign ? " foreign" : "");
                    case Step.DeletePod(Pod pod) -> "delete " + name(pod);
                })
                .toList();
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getName();
    }

    private static String names(List<PersistentVolumeClaim> claims) {
        return claims.stream().map(SetDecisionTest::name).collect(Collectors.joining(" "));
    }

    private static String owners(PersistentVolumeClaim claim) {
        return claim.getMetadata().getOwnerReferences().stream()
                .map(owner -> owner.getKind() + "/" + owner.getName())
                .collect(Collectors.joining(" "));
    }

    // -- names and identity ----------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "web-0,0",
        "web-12,12",
        "web-01,-1",
        "web--1,-1",
        "web-+1,-1",
        "web-a,-1",
        "web,-1",
        "other-1,-1",
        "web-1-0,-1",
        "web-99999999999,-1"
    })
    void ordinals(String name, int ordinal) {
        assertThat(Members.ordinal(set(1), name).orElse(-1)).isEqualTo(ordinal);
    }

    @Test
    void aPodHasTheNamesLabelsAndClaimsOfItsOrdinal() {
        StatefulSet set = withClaims(set(3), "Retain", "Retain");
        Pod pod = Members.pod(set, NEW, 2);
        assertThat(pod.getMetadata().getName()).isEqualTo("web-2");
        assertThat(pod.getMetadata().getGenerateName()).isEqualTo("web-");
        assertThat(pod.getMetadata().getLabels())
                .containsOnly(
                        Map.entry("app", "web"),
                        Map.entry("statefulset.kubernetes.io/pod-name", "web-2"),
                        Map.entry("apps.kubernetes.io/pod-index", "2"),
                        Map.entry("controller-revision-hash", "web-new"));
        assertThat(Ownership.isControlledBy(pod, set)).isTrue();
        assertThat(pod.getSpec().getHostname()).isEqualTo("web-2");
        assertThat(pod.getSpec().getSubdomain()).isEqualTo("service");
        assertThat(pod.getSpec().getContainers().getFirst().getImage()).isEqualTo("web:2");
        assertThat(pod.getSpec().getVolumes()).singleElement().satisfies(volume -> {
            assertThat(volume.getName()).isEqualTo("data");
            assertThat(volume.getPersistentVolumeClaim().getClaimName()).isEqualTo("data-web-2");
        });
    }

    @Test
    void aClaimTakesThePlaceOfAVolumeOfItsName() {
        StatefulSet set = withClaims(set(1), "Retain", "Retain");
        Revision revision = new Revision(
                "web-new",
                with(
                                set,
                                builder -> builder.editSpec()
                                        .editTemplate()
                                        .editSpec()
                                        .addNewVolume()
                                        .withName("data")
                                        .withNewEmptyDir()
                                        .endEmptyDir()
                                        .endVolume()
                                        .addNewVolume()
                                        .withName("tmp")
                                        .endVolume()
                                        .endSpec()
                                        .endTemplate()
                                        .endSpec())
                        .getSpec()
                        .getTemplate());
        assertThat(Members.pod(set, revision, 0).getSpec().getVolumes())
                .extracting(volume -> volume.getName() + " " + (volume.getPersistentVolumeClaim() != null))
                .containsExactly("data true", "tmp false");
    }

    @Test
    void aPodThatLostItsLabelsGetsThemBack() {
        StatefulSet set = set(1);
        Pod pod = new PodBuilder(ready(set, 0, NEW))
                .editMetadata()
                .removeFromLabels("statefulset.kubernetes.io/pod-name")
                .endMetadata()
                .build();
        assertThat(steps(plan(set, pod))).containsExactly("mend web-0");
    }

    @Test
    void podsWithNamesThatTheSetNeverGivesAreLeftAlone() {
        StatefulSet set = set(1);
        Pod stranger = new PodBuilder(ready(set, 0, NEW))
                .editMetadata()
                .withName("web-00")
                .endMetadata()
                .build();
        SetPlan plan = plan(set, stranger);
        assertThat(steps(plan)).containsExactly("create new web-0");
        assertThat(plan.status().getReplicas()).isZero();
    }

    // -- order -----------------------------------------------------------------------------------------------------

    @Test
    void orderedPodsComeOneByOneEachWhenTheOneBeforeIsReady() {
        StatefulSet set = set(3);
        assertThat(steps(plan(set))).containsExactly("create new web-0");
        assertThat(steps(plan(set, pending(set, 0, NEW)))).isEmpty();
        assertThat(steps(plan(set, ready(set, 0, NEW)))).containsExactly("create new web-1");
        assertThat(steps(plan(set, ready(set, 0, NEW), Pods.notReady(ready(set, 1, NEW), NOW))))
                .isEmpty();
        // A gap is filled first, and nothing goes on while it is open.
        assertThat(steps(plan(set, ready(set, 1, NEW), ready(set, 2, NEW), ready(set, 3, NEW))))
                .containsExactly("create new web-0");
        // A pod that is on its way out holds the others up.
        assertThat(steps(plan(set, Pods.deleting(ready(set, 0, NEW), NOW)))).isEmpty();
    }

    @Test
    void parallelPodsComeTogether() {
        StatefulSet set = parallel(set(3));
        assertThat(steps(plan(set, pending(set, 1, NEW)))).containsExactly("create new web-0", "create new web-2");
    }

    @Test
    void ordinalsMayStartElsewhere() {
        StatefulSet set = parallel(Sets.from(set(2), 5));
        assertThat(steps(plan(set))).containsExactly("create new web-5", "create new web-6");
        assertThat(steps(plan(set, ready(set, 4, NEW), ready(set, 5, NEW), ready(set, 6, NEW), ready(set, 7, NEW))))
                .containsExactly("delete web-7", "delete web-4");
    }

    @Test
    void scalingDownGoesFromTheTopOneByOne() {
        StatefulSet set = set(1);
        Pod zero = ready(set, 0, NEW);
        Pod one = ready(set, 1, NEW);
        Pod two = ready(set, 2, NEW);
        assertThat(steps(plan(set, zero, one, two))).containsExactly("delete web-2");
        assertThat(steps(plan(set, zero, one, Pods.deleting(two, NOW)))).isEmpty();
        // While a lower pod is not ready, a higher one that isn't either must wait for it.
        assertThat(steps(plan(set, zero, Pods.notReady(one, NOW), Pods.notReady(two, NOW))))
                .isEmpty();
        assertThat(steps(plan(set, zero, one, Pods.notReady(two, NOW)))).containsExactly("delete web-2");
        assertThat(steps(plan(set, Pods.notReady(zero, NOW), one, two))).isEmpty();
        assertThat(steps(plan(parallel(set), Pods.notReady(zero, NOW), one, Pods.deleting(two, NOW))))
                .containsExactly("delete web-1");
    }

    @Test
    void podsThatEndedAreReplaced() {
        StatefulSet set = set(2);
        Pod failed = Pods.finished(ready(set, 0, NEW), "Failed");
        assertThat(steps(plan(set, failed, ready(set, 1, NEW)))).containsExactly("delete web-0");
        assertThat(steps(plan(set, Pods.finished(ready(set, 0, NEW), "Succeeded"))))
                .containsExactly("delete web-0");
        assertThat(steps(plan(set, Pods.deleting(failed, NOW)))).isEmpty();
        assertThat(steps(plan(parallel(set), failed))).containsExactly("delete web-0", "create new web-1");
    }

    @Test
    void minReadySecondsHoldTheNextPodUp() {
        StatefulSet set = with(
                set(2), builder -> builder.editSpec().withMinReadySeconds(30).endSpec());
        Pod young = Pods.ready(pending(set, 0, NEW), NOW.minusSeconds(10));
        SetPlan plan = plan(set, young);
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.again()).contains(Duration.ofSeconds(20));
        assertThat(plan.status().getReadyReplicas()).isEqualTo(1);
        assertThat(plan.status().getAvailableReplicas()).isZero();
    }

    @Test
    void aSetThatIsBeingDeletedDoesNothing() {
        StatefulSet set = with(
                set(3),
                builder -> builder.editMetadata()
                        .withDeletionTimestamp("2026-01-01T00:00:00Z")
                        .endMetadata());
        assertThat(steps(plan(set, ready(set, 5, OLD)))).isEmpty();
    }

    // -- updates ---------------------------------------------------------------------------------------------------

    @Test
    void anUpdateGoesFromTheTopWhenAllAreAvailable() {
        StatefulSet set = set(3);
        Pod zero = ready(set, 0, OLD);
        Pod one = ready(set, 1, OLD);
        Pod two = ready(set, 2, OLD);
        assertThat(steps(plan(set, zero, one, two))).containsExactly("delete web-2");
        assertThat(steps(plan(set, zero, one, Pods.deleting(two, NOW)))).isEmpty();
        assertThat(steps(plan(set, zero, one))).containsExactly("create new web-2");
        assertThat(steps(plan(set, zero, one, pending(set, 2, NEW)))).isEmpty();
        assertThat(steps(plan(set, zero, one, ready(set, 2, NEW)))).containsExactly("delete web-1");
        assertThat(steps(plan(onDelete(set), zero, one, two))).isEmpty();
        assertThat(steps(plan(onDelete(set), zero, one))).containsExactly("create new web-2");
    }

    @Test
    void scalingGoesBeforeUpdating() {
        StatefulSet set = set(2);
        assertThat(steps(plan(set, ready(set, 0, OLD), ready(set, 1, OLD), ready(set, 2, OLD))))
                .containsExactly("delete web-2");
    }

    @Test
    void aPartitionKeepsThePodsBelowItAsTheyAre() {
        StatefulSet set = rolling(set(4), 2, 1);
        Pod zero = ready(set, 0, OLD);
        Pod one = ready(set, 1, OLD);
        Pod two = ready(set, 2, NEW);
        Pod three = ready(set, 3, NEW);
        assertThat(steps(plan(set, zero, one, two, three))).isEmpty();
        assertThat(steps(plan(set, one, two, three))).containsExactly("create old web-0");
        assertThat(steps(plan(set, zero, one, three))).containsExactly("create new web-2");
        // It counts from the first ordinal.
        StatefulSet later = Sets.from(set, 5);
        assertThat(steps(plan(parallel(later))))
                .containsExactly("create old web-5", "create old web-6", "create new web-7", "create new web-8");
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,2", "50%,2", "10%,1", "100%,4"})
    void asManyAreUpdatedAtOnceAsMayBeUnavailable(String maxUnavailable, int atOnce) {
        Object limit = maxUnavailable.endsWith("%") ? maxUnavailable : Integer.valueOf(maxUnavailable);
        for (StatefulSet set : List.of(rolling(set(4), 0, limit), parallel(rolling(set(4), 0, limit)))) {
            assertThat(steps(plan(set, ready(set, 0, OLD), ready(set, 1, OLD), ready(set, 2, OLD), ready(set, 3, OLD))))
                    .containsExactlyElementsOf(Stream.of("delete web-3", "delete web-2", "delete web-1", "delete web-0")
                            .limit(atOnce)
                            .toList());
        }
    }

    @Test
    void aBrokenUpdateOfAnOrderedSetWaitsForAPerson() {
        StatefulSet set = set(2);
        Pod broken = pending(set, 1, new Revision("web-broken", OLD.template()));
        assertThat(steps(plan(set, ready(set, 0, OLD), broken))).isEmpty();
    }

    @Test
    void aBrokenUpdateOfAParallelSetIsReplaced() {
        StatefulSet set = parallel(set(3));
        Pod broken = pending(set, 1, new Revision("web-broken", OLD.template()));
        // It is not available anyway, so that it goes costs nothing; the others wait.
        assertThat(steps(plan(set, ready(set, 0, OLD), broken, ready(set, 2, OLD))))
                .containsExactly("delete web-1");
        assertThat(steps(plan(rolling(set, 2, 1), ready(set, 0, OLD), broken, ready(set, 2, NEW))))
                .isEmpty();
    }

    // -- status ----------------------------------------------------------------------------------------------------

    @Test
    void theStatusCountsWhatThereIs() {
        StatefulSet set = set(4);
        StatefulSetStatus status = plan(
                        set,
                        ready(set, 0, OLD),
                        ready(set, 1, OLD),
                        Pods.deleting(ready(set, 2, OLD), NOW),
                        pending(set, 3, NEW))
                .status();
        assertThat(status.getReplicas()).isEqualTo(4);
        assertThat(status.getReadyReplicas()).isEqualTo(3);
        assertThat(status.getAvailableReplicas()).isEqualTo(3);
        assertThat(status.getCurrentReplicas()).isEqualTo(2);
        assertThat(status.getUpdatedReplicas()).isEqualTo(1);
        assertThat(status.getCurrentRevision()).isEqualTo("web-old");
        assertThat(status.getUpdateRevision()).isEqualTo("web-new");
        assertThat(status.getObservedGeneration()).isEqualTo(1);
    }

    @Test
    void aFinishedUpdateBecomesTheCurrentRevision() {
        StatefulSet set = set(2);
        StatefulSetStatus status =
                plan(set, ready(set, 0, NEW), ready(set, 1, NEW)).status();
        assertThat(status.getCurrentRevision()).isEqualTo("web-new");
        assertThat(status.getCurrentReplicas()).isEqualTo(2);
        assertThat(plan(onDelete(set), ready(set, 0, NEW), ready(set, 1, NEW))
                        .status()
                        .getCurrentRevision())
                .isEqualTo("web-old");
    }

    // -- claims ----------------------------------------------------------------------------------------------------

    private static PersistentVolumeClaim claim(StatefulSet set, int ordinal, OwnerReference... owners) {
        return new PersistentVolumeClaimBuilder(Members.claims(set, ordinal).getFirst())
                .editMetadata()
                .withOwnerReferences(owners)
                .endMetadata()
                .build();
    }

    @Test
    void claimsComeBeforeTheirPod() {
        StatefulSet set = withClaims(set(1), "Retain", "Retain");
        SetPlan plan = plan(set);
        assertThat(steps(plan)).containsExactly("create new web-0 after data-web-0");
        PersistentVolumeClaim claim =
                ((Step.CreatePod) plan.steps().getFirst()).claims().getFirst();
        assertThat(claim.getMetadata().getNamespace()).isEqualTo("default");
        assertThat(claim.getMetadata().getLabels()).containsOnly(Map.entry("mine", "yes"), Map.entry("app", "web"));
        assertThat(claim.getMetadata().getOwnerReferences()).isEmpty();
        assertThat(steps(plan(set, List.of(claim(set, 0))))).containsExactly("create new web-0");
        assertThat(steps(plan(set, pending(set, 0, NEW)))).containsExactly("claims of web-0 data-web-0");
    }

    @Test
    void aClaimThatIsBeingDeletedHoldsItsPodUp() {
        StatefulSet set = withClaims(set(1), "Retain", "Retain");
        PersistentVolumeClaim going = new PersistentVolumeClaimBuilder(claim(set, 0))
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();
        assertThat(steps(plan(set, List.of(going)))).containsExactly("no web-0: pvc data-web-0 is being deleted");
    }

    @ParameterizedTest
    @CsvSource({
        "Retain,Retain,'',''",
        "Retain,Delete,StatefulSet/web,StatefulSet/web",
        "Delete,Retain,'',Pod/web-1",
        "Delete,Delete,StatefulSet/web,Pod/web-1",
    })
    void claimsGoWithWhatThePolicySays(String whenScaled, String whenDeleted, String inRange, String beyond) {
        StatefulSet set = withClaims(set(1), whenScaled, whenDeleted);
        Pod zero = ready(set, 0, NEW);
        Pod one = ready(set, 1, NEW);
        assertThat(owners(Members.claims(set, 0).getFirst())).isEqualTo(inRange);
        List<PersistentVolumeClaim> unowned = List.of(claim(set, 0), claim(set, 1));
        List<String> expected = Stream.of(
                        inRange.isEmpty() ? "" : "own data-web-0 by " + inRange,
                        beyond.isEmpty() ? "" : "own data-web-1 by " + beyond,
                        "delete web-1")
                .filter(step -> !step.isEmpty())
                .toList();
        assertThat(steps(plan(set, unowned, zero, one))).isEqualTo(expected);
        // What the policy before left behind is taken back.
        List<PersistentVolumeClaim> owned = List.of(
                claim(set, 0, Ownership.controllerReference(set)), claim(set, 1, Ownership.controllerReference(one)));
        List<String> mended = Stream.of(
                        inRange.isEmpty() ? "own data-web-0 by " : "",
                        beyond.equals("Pod/web-1") ? "" : "own data-web-1 by " + beyond,
                        "delete web-1")
                .filter(step -> !step.isEmpty())
                .toList();
        assertThat(steps(plan(set, owned, zero, one))).isEqualTo(mended);
    }

    @Test
    void aClaimOfAnEarlierPodIsNotTaken() {
        StatefulSet set = withClaims(set(1), "Delete", "Retain");
        OwnerReference earlier = new OwnerReferenceBuilder(Ownership.controllerReference(ready(set, 0, NEW)))
                .withUid("gone")
                .build();
        // It goes when its pod has gone; only then the next pod gets a claim of its own.
        assertThat(steps(plan(set, List.of(claim(set, 0, earlier))))).isEmpty();
        assertThat(steps(plan(set, List.of(claim(set, 0, earlier)), ready(set, 0, NEW))))
                .isEmpty();
    }

    @Test
    void aClaimWithAForeignControllerIsLeftToIt() {
        StatefulSet set = withClaims(set(1), "Retain", "Delete");
        OwnerReference foreign = new OwnerReferenceBuilder()
                .withApiVersion("example.com/v1")
                .withKind("Backup")
                .withName("b")
                .withUid("b")
                .withController(true)
                .build();
        assertThat(steps(plan(set, List.of(claim(set, 0, foreign)), ready(set, 0, NEW))))
                .isEmpty();
        assertThat(steps(plan(
                        set, List.of(claim(set, 0, foreign, Ownership.controllerReference(set))), ready(set, 0, NEW))))
                .containsExactly("own data-web-0 by Backup/b foreign");
    }
}
