package io.mokube.controllermanager.controllers.daemonset;

import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.NOW;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.node;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.pending;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.ready;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.rolling;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.set;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.tainted;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.unbound;
import static io.mokube.controllermanager.controllers.daemonset.Daemonsets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.placement.RequiredNodes;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DaemonDecisionTest {

    private static final List<Node> THREE = List.of(node("a"), node("b"), node("c"));

    private static DaemonPlan plan(DaemonSet set, List<Node> nodes, Pod... pods) {
        return DaemonDecision.plan(new Daemons(set, "new", nodes, List.of(pods), NOW), node -> Optional.empty());
    }

    /** What is done, in a few words. */
    private static List<String> steps(DaemonPlan plan) {
        List<String> steps = new ArrayList<>();
        plan.create().forEach(node -> steps.add("+" + node));
        plan.delete().forEach(pod -> steps.add("-" + pod.getMetadata().getName().substring("log-".length())));
        return steps;
    }

    private static List<String> steps(DaemonSet set, Pod... pods) {
        return steps(plan(set, THREE, pods));
    }

    // -- which nodes -----------------------------------------------------------------------------------------------

    private static DaemonSet withSpec(String json) {
        return with(
                set(),
                builder -> builder.editSpec()
                        .editTemplate()
                        .withSpec(Json.MAPPER.readValue(
                                json.replace('\'', '"'), io.fabric8.kubernetes.api.model.PodSpec.class))
                        .endTemplate()
                        .endSpec());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|WANTED",
                "{'nodeName':'a'}|WANTED",
                "{'nodeName':'b'}|UNFIT",
                "{'nodeSelector':{'disk':'ssd'}}|WANTED",
                "{'nodeSelector':{'disk':'hdd'}}|UNFIT",
                "{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':["
                        + "{'matchExpressions':[{'key':'disk','operator':'In','values':['hdd']}]},"
                        + "{'matchFields':[{'key':'metadata.name','operator':'In','values':['a']}]}]}}}}|WANTED",
                "{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':["
                        + "{'matchExpressions':[{'key':'disk','operator':'Exists'},"
                        + "{'key':'cores','operator':'Gt','values':['8']}]}]}}}}|UNFIT",
                "{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':["
                        + "{'matchExpressions':[{'key':'cores','operator':'Lt','values':['8']}]}]}}}}|WANTED",
                "{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':["
                        + "{}]}}}}|UNFIT",
                "{'affinity':{'nodeAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1,"
                        + "'preference':{'matchExpressions':[{'key':'disk','operator':'DoesNotExist'}]}}]}}}|WANTED",
            })
    void nodesAreChosenByNameLabelsAndAffinity(String spec, DaemonTemplate.Fit fit) {
        Node node = new NodeBuilder(node("a"))
                .editMetadata()
                .addToLabels("disk", "ssd")
                .addToLabels("cores", "4")
                .endMetadata()
                .build();
        assertThat(DaemonTemplate.fit(withSpec(spec), node)).isEqualTo(fit);
    }

    @ParameterizedTest
    @CsvSource({
        "dedicated,NoSchedule,KEPT",
        "dedicated,NoExecute,UNFIT",
        "dedicated,PreferNoSchedule,WANTED",
        "node.kubernetes.io/not-ready,NoExecute,WANTED",
        "node.kubernetes.io/not-ready,NoSchedule,KEPT",
        "node.kubernetes.io/unreachable,NoExecute,WANTED",
        "node.kubernetes.io/disk-pressure,NoSchedule,WANTED",
        "node.kubernetes.io/memory-pressure,NoSchedule,WANTED",
        "node.kubernetes.io/pid-pressure,NoSchedule,WANTED",
        "node.kubernetes.io/unschedulable,NoSchedule,WANTED",
        "node.kubernetes.io/network-unavailable,NoSchedule,KEPT",
    })
    void taintsKeepDaemonsAwayOrLetThemStay(String key, String effect, DaemonTemplate.Fit fit) {
        assertThat(DaemonTemplate.fit(set(), tainted(node("a"), key, effect))).isEqualTo(fit);
    }

    @Test
    void tolerationsOfTheTemplateAndTheHostsNetworkCount() {
        DaemonSet set = withSpec("{'hostNetwork':true,'tolerations':[{'key':'dedicated','operator':'Exists'}]}");
        assertThat(DaemonTemplate.fit(set, tainted(node("a"), "dedicated", "NoExecute")))
                .isEqualTo(DaemonTemplate.Fit.WANTED);
        assertThat(DaemonTemplate.fit(set, tainted(node("a"), "node.kubernetes.io/network-unavailable", "NoSchedule")))
                .isEqualTo(DaemonTemplate.Fit.WANTED);
    }

    @Test
    void aDaemonIsBoundToItsNodeByTheScheduler() {
        DaemonSet set = withSpec("{'containers':[{'name':'c'}],'tolerations':[{'key':'node.kubernetes.io/not-ready',"
                + "'operator':'Exists','effect':'NoExecute','tolerationSeconds':5}],"
                + "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':["
                + "{'matchExpressions':[{'key':'disk','operator':'Exists'}]}]}},'podAntiAffinity':{}}}");
        set.getMetadata().setAnnotations(Map.of("deprecated.daemonset.template.generation", "3"));
        PodTemplateSpec template = DaemonTemplate.of(set, "abc", "a");
        assertThat(template.getMetadata().getLabels())
                .containsOnly(
                        Map.entry("app", "log"),
                        Map.entry("controller-revision-hash", "abc"),
                        Map.entry("pod-template-generation", "3"));
        assertThat(RequiredNodes.required(template.getSpec()).orElseThrow().getNodeSelectorTerms())
                .extracting(NodeSelectorTerm::getMatchExpressions, NodeSelectorTerm::getMatchFields)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(
                        List.of(), RequiredNodes.only("a").getMatchFields()));
        assertThat(RequiredNodes.onlyNode(template.getSpec())).contains("a");
        assertThat(template.getSpec().getAffinity().getPodAntiAffinity()).isNotNull();
        assertThat(template.getSpec().getTolerations())
                .extracting(toleration -> toleration.getKey().replace("node.kubernetes.io/", "") + ":"
                        + toleration.getOperator() + ":" + toleration.getEffect() + ":"
                        + toleration.getTolerationSeconds())
                .containsExactlyInAnyOrder(
                        "not-ready:Exists:NoExecute:null",
                        "unreachable:Exists:NoExecute:null",
                        "disk-pressure:Exists:NoSchedule:null",
                        "memory-pressure:Exists:NoSchedule:null",
                        "pid-pressure:Exists:NoSchedule:null",
                        "unschedulable:Exists:NoSchedule:null");
    }

    // -- one on each -----------------------------------------------------------------------------------------------

    @Test
    void everyNodeThatSuitsGetsOne() {
        DaemonSet set = set();
        List<Node> nodes =
                List.of(node("a"), tainted(node("b"), "x", "NoSchedule"), tainted(node("c"), "x", "NoExecute"));
        assertThat(steps(plan(set, nodes))).containsExactly("+a");
        assertThat(steps(plan(set, nodes, unbound(set, "a", "new"), ready(set, "b", "new"), ready(set, "c", "new"))))
                .containsExactly("-c-new");
    }

    @Test
    void ofTwoOnANodeTheOlderStays() {
        DaemonSet set = set();
        Pod unbound = unbound(set, "a", "old");
        Pod bound = pending(set, "a", "new");
        assertThat(steps(set, unbound, bound, ready(set, "b", "new"), ready(set, "c", "new")))
                .containsExactly("-a-old"); // the bound one first, whatever its age
        assertThat(steps(set, ready(set, "a", "old"), bound, ready(set, "b", "new"), ready(set, "c", "new")))
                .containsExactly("-a-new");
    }

    @Test
    void aNodeWaitsForTheEndOfItsDaemonBeforeItGetsAnother() {
        DaemonSet set = set();
        Pod leaving = Pods.deleting(ready(set, "a", "new"), NOW);
        assertThat(steps(set, leaving, ready(set, "b", "new"), ready(set, "c", "new")))
                .isEmpty();
        // One that has ended already runs no more.
        assertThat(steps(set, Pods.finished(leaving, "Failed"), ready(set, "b", "new"), ready(set, "c", "new")))
                .containsExactly("+a");
    }

    @Test
    void daemonsThatEndedGo() {
        DaemonSet set = set();
        Pod failed = Pods.finished(ready(set, "a", "new"), "Failed");
        Pod succeeded = Pods.finished(ready(set, "b", "new"), "Succeeded");
        Pod running = ready(set, "c", "new");
        DaemonPlan plan = plan(set, THREE, failed, succeeded, running);
        assertThat(steps(plan)).containsExactly("-a-new", "-b-new");
        assertThat(plan.ended()).extracting(DaemonPlan.Ended::node).containsExactly("a", "b");
        // When they keep failing, the next one stays for a while.
        DaemonPlan later = DaemonDecision.plan(
                new Daemons(set, "new", THREE, List.of(failed, ready(set, "b", "new"), running), NOW),
                node -> Optional.of(Duration.ofSeconds(4)));
        assertThat(steps(later)).isEmpty();
        assertThat(later.again()).contains(Duration.ofSeconds(4));
    }

    @Test
    void podsForNodesThatAreGoneAreRemovedUnlessBound() {
        DaemonSet set = set();
        assertThat(steps(plan(set, List.of(), unbound(set, "a", "new"), ready(set, "b", "new"))))
                .containsExactly("-a-new");
    }

    @Test
    void failuresAreRepliedToEverMoreSlowly() {
        SimulatedClock clock = new SimulatedClock(NOW);
        FailureBackoff backoff = new FailureBackoff(clock);
        DaemonSet set = set();
        assertThat(backoff.left(set, "a")).isEmpty();
        for (int seconds : List.of(1, 2, 4, 8)) {
            backoff.replaced(set, "a");
            assertThat(backoff.left(set, "a")).contains(Duration.ofSeconds(seconds));
            assertThat(backoff.left(set, "b")).isEmpty();
            clock.advance(Duration.ofSeconds(seconds));
            assertThat(backoff.left(set, "a")).isEmpty();
        }
        for (int i = 0; i < 20; i++) {
            backoff.replaced(set, "a");
        }
        assertThat(backoff.left(set, "a")).contains(Duration.ofMinutes(15));
        // A change of the set and a long time of peace end it.
        DaemonSet changed =
                with(set, builder -> builder.editMetadata().withGeneration(2L).endMetadata());
        assertThat(backoff.left(changed, "a")).isEmpty();
        backoff.replaced(changed, "a");
        assertThat(backoff.left(changed, "a")).contains(Duration.ofSeconds(1));
        clock.advance(Duration.ofMinutes(31));
        backoff.replaced(changed, "a");
        assertThat(backoff.left(changed, "a")).contains(Duration.ofSeconds(1));
    }

    // -- updates ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"1,1", "2,2", "10%,1", "34%,2", "100%,3"})
    void asManyAreReplacedAtOnceAsMayBeUnavailable(String maxUnavailable, int atOnce) {
        Object limit = maxUnavailable.endsWith("%") ? maxUnavailable : Integer.valueOf(maxUnavailable);
        DaemonSet set = rolling(set(), limit, 0);
        assertThat(steps(set, ready(set, "a", "old"), ready(set, "b", "old"), ready(set, "c", "old")))
                .containsExactlyElementsOf(
                        Stream.of("-a-old", "-b-old", "-c-old").limit(atOnce).toList());
    }

    @Test
    void theNextIsReplacedWhenTheLastIsAvailable() {
        DaemonSet set = rolling(set(), 1, 0);
        Pod b = ready(set, "b", "old");
        Pod c = ready(set, "c", "old");
        assertThat(steps(set, Pods.deleting(ready(set, "a", "old"), NOW), b, c)).isEmpty();
        assertThat(steps(set, b, c)).containsExactly("+a");
        assertThat(steps(set, pending(set, "a", "new"), b, c)).isEmpty();
        assertThat(steps(set, ready(set, "a", "new"), b, c)).containsExactly("-b-old");
        // One that doesn't serve anyway is replaced beyond the limit.
        assertThat(steps(set, pending(set, "a", "new"), b, pending(set, "c", "old")))
                .containsExactly("-c-old");
    }

    @Test
    void onDeleteWaitsForAPerson() {
        DaemonSet set = with(
                rolling(set(), 1, 0),
                builder -> builder.editSpec()
                        .editUpdateStrategy()
                        .withType("OnDelete")
                        .endUpdateStrategy()
                        .endSpec());
        assertThat(steps(set, ready(set, "a", "old"), ready(set, "b", "old"), ready(set, "c", "old")))
                .isEmpty();
        assertThat(steps(set, ready(set, "b", "old"), ready(set, "c", "old"))).containsExactly("+a");
    }

    @Test
    void aSurgeMakesNewOnesBesideTheOld() {
        DaemonSet set = rolling(set(), 0, 2);
        Pod a = ready(set, "a", "old");
        Pod b = ready(set, "b", "old");
        Pod c = ready(set, "c", "old");
        assertThat(steps(set, a, b, c)).containsExactly("+a", "+b");
        assertThat(steps(set, a, pending(set, "a", "new"), b, c)).containsExactly("+b");
        assertThat(steps(set, a, pending(set, "a", "new"), b, pending(set, "b", "new"), c))
                .isEmpty();
        assertThat(steps(set, a, ready(set, "a", "new"), b, pending(set, "b", "new"), c))
                .containsExactly("-a-old");
        // An old one that doesn't serve is replaced beyond the surge, and goes once there is a new one.
        Pod broken = Pods.notReady(c, NOW);
        assertThat(steps(set, a, pending(set, "a", "new"), b, pending(set, "b", "new"), broken))
                .containsExactly("+c");
        assertThat(steps(set, a, b, broken, pending(set, "c", "new"))).containsExactly("-c-old");
        // A node whose only daemon is leaving gets the next one at once.
        assertThat(steps(set, Pods.deleting(a, NOW), ready(set, "b", "new"), ready(set, "c", "new")))
                .containsExactly("+a");
    }

    @Test
    void surgingSetsLeaveANodeOnlyWhenTheOthersAreServed() {
        DaemonSet set = rolling(set(), 0, 1);
        List<Node> nodes = List.of(tainted(node("a"), "x", "NoSchedule"), node("b"));
        Pod a = ready(set, "a", "old");
        assertThat(steps(plan(set, nodes, a, pending(set, "b", "new")))).isEmpty();
        assertThat(steps(plan(set, nodes, a, ready(set, "b", "new")))).containsExactly("-a-old");
    }

    @Test
    void minReadySecondsCount() {
        DaemonSet set = with(
                rolling(set(), 1, 0),
                builder -> builder.editSpec().withMinReadySeconds(30).endSpec());
        Pod young = Pods.ready(pending(set, "a", "new"), NOW.minusSeconds(10));
        DaemonPlan plan = plan(set, THREE, young, ready(set, "b", "old"), ready(set, "c", "old"));
        assertThat(steps(plan)).isEmpty();
        assertThat(plan.again()).contains(Duration.ofSeconds(20));
        assertThat(plan.status().getNumberReady()).isEqualTo(3);
        assertThat(plan.status().getNumberAvailable()).isEqualTo(2);
    }

    @Test
    void theStatusCountsNodes() {
        DaemonSet set = set();
        List<Node> nodes = List.of(node("a"), node("b"), node("c"), tainted(node("d"), "x", "NoSchedule"));
        DaemonSetStatus status = plan(
                        set,
                        nodes,
                        ready(set, "a", "new"),
                        pending(set, "b", "old"),
                        ready(set, "d", "new"),
                        ready(set, "gone", "new"))
                .status();
        assertThat(List.of(
                        status.getDesiredNumberScheduled(),
                        status.getCurrentNumberScheduled(),
                        status.getNumberMisscheduled(),
                        status.getNumberReady(),
                        status.getUpdatedNumberScheduled(),
                        status.getNumberAvailable(),
                        status.getNumberUnavailable()))
                .containsExactly(3, 2, 1, 1, 1, 1, 2);
        assertThat(status.getObservedGeneration()).isEqualTo(1);
    }
}
