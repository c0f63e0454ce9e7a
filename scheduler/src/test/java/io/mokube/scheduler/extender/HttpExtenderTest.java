package io.mokube.scheduler.extender;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Credential;
import io.mokube.scheduler.extender.ExtenderConfig.Tls;
import io.mokube.scheduler.framework.Decider;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.Explainer;
import io.mokube.scheduler.framework.Explanation;
import io.mokube.scheduler.framework.Explanation.Standing;
import io.mokube.scheduler.framework.Extender.FailedException;
import io.mokube.scheduler.framework.Extenders;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What extenders say counts, in the form in which kube-scheduler's extenders say it. */
class HttpExtenderTest {

    private static final Profile PROFILE = DefaultPlugins.profile("default-scheduler");
    private static final NodeInfo A = nodeInfo(node("a", "cpu=4"));
    private static final NodeInfo B = nodeInfo(node("b", "cpu=4"));
    private static final NodeInfo C = nodeInfo(node("c", "cpu=4"));
    private static final Snapshot CLUSTER = snapshot(A, B, C);
    private static final PodInfo POD = PodInfo.of(pod("p", "cpu=1").build());

    private static final HttpExtender.Objects OBJECTS = new HttpExtender.Objects() {
        @Override
        public Optional<Pod> pod(ObjectKey key) {
            return Optional.of(pod(key.name(), "cpu=1"));
        }

        private Pod pod(String name, String requests) {
            return io.mokube.scheduler.TestPods.pod(name, requests).build();
        }

        @Override
        public Optional<Node> node(String name) {
            return Optional.of(io.mokube.scheduler.TestPods.node(name, "cpu=4").build());
        }
    };

    private ExtenderServer server;

    @BeforeEach
    void start() throws Exception {
        server = new ExtenderServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpExtender extender(boolean nodeCacheCapable, boolean ignorable) {
        return new HttpExtender(server.config(nodeCacheCapable, ignorable, Tls.NONE), OBJECTS);
    }

    private Decision decide(PodInfo pod, Snapshot cluster, HttpExtender extender) {
        try (extender) {
            return new Decider(PROFILE, new Extenders(List.of(extender))).decide(pod, cluster, 0, 1);
        }
    }

    @Test
    void filtersAndRatesAndIsExplained() {
        server.on("filter", sent -> "{\"NodeNames\": [\"b\", \"c\"], \"FailedNodes\": {\"a\": \"too loud\"}}")
                .on("prioritize", sent -> "[{\"Host\": \"b\", \"Score\": 0}, {\"Host\": \"c\", \"Score\": 10}]");
        Decision decision = decide(POD, CLUSTER, extender(true, false));
        assertThat(decision).isInstanceOfSatisfying(Decision.Place.class, place -> {
            assertThat(place.node()).isEqualTo("c");
            assertThat(place.feasible()).isEqualTo(2);
        });
        JsonNode filter = server.asked().getFirst();
        assertThat(filter.at("/Pod/metadata/name").asString("")).isEqualTo("p");
        assertThat(filter.path("Nodes").isNull()).isTrue();
        assertThat(filter.path("NodeNames").toString()).isEqualTo("[\"a\",\"b\",\"c\"]");

        int asked = server.asked().size();
        Explanation explanation = new Explainer(PROFILE).explain(POD, CLUSTER, 0, decision);
        assertThat(explanation.nodes())
                .extracting(answer -> answer.node() + " " + answer.standing().label())
                .containsExactly("c Chosen", "b Fits", "a Unfit");
        assertThat(explanation.nodes().getFirst().scores()).contains(new Explanation.PluginScore(server.url(), 100, 3));
        assertThat(explanation.nodes().getLast().objections().getFirst().reasons())
                .containsExactly("too loud");
        assertThat(explanation.nodes().getFirst().standing()).isEqualTo(Standing.CHOSEN);
        assertThat(server.asked()).as("nobody is asked again").hasSize(asked);
    }

    @Test
    void whoDoesNotKnowTheNodesGetsThemWhole() {
        server.on("filter", sent -> "{\"nodes\": {\"items\": [" + sent.at("/Nodes/items/1") + "]}}");
        assertThat(decide(POD, CLUSTER, extender(false, false)))
                .isInstanceOfSatisfying(
                        Decision.Place.class, place -> assertThat(place.node()).isEqualTo("b"));
        assertThat(server.asked()
                        .getFirst()
                        .at("/Nodes/items/0/status/allocatable/cpu")
                        .asString(""))
                .isEqualTo("4");
        assertThat(server.asked().getFirst().path("NodeNames").isNull()).isTrue();
    }

    @Test
    void whatItRefusesIsInTheMessageAndAnythingMayHelp() {
        server.on(
                "filter",
                sent -> "{\"NodeNames\": [], \"FailedNodes\": {\"a\": \"too loud\", \"b\": \"too loud\"},"
                        + " \"FailedAndUnresolvableNodes\": {\"c\": \"too far\"}}");
        assertThat(decide(POD, CLUSTER, extender(true, false))).isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
            assertThat(noFit.message()).startsWith("0/3 nodes are available: 1 too far, 2 too loud.");
            assertThat(noFit.plugins()).containsExactly("Extender");
        });
    }

    @Test
    void itsFailureIsADecisionsFailureUnlessItMayBeIgnored() {
        server.on("filter", sent -> "{\"Error\": \"out of order\"}");
        assertThatThrownBy(() -> decide(POD, CLUSTER, extender(true, false)))
                .isInstanceOf(FailedException.class)
                .hasMessage("out of order");
        assertThat(decide(POD, CLUSTER, extender(true, true))).isInstanceOf(Decision.Place.class);
        server.on("filter", sent -> "{\"NodeNames\": [\"d\"]}");
        assertThatThrownBy(() -> decide(POD, CLUSTER, extender(true, false)))
                .hasMessageContaining("claims a filtered node \"d\" which is not found in the input node list");
        HttpExtender gone = extender(true, false);
        server.close();
        assertThatThrownBy(() -> decide(POD, CLUSTER, gone))
                .hasMessageStartingWith("Post \"" + server.url() + "/filter\"");
    }

    @Test
    void hasASayInWhoIsPreempted() {
        NodeInfo a = nodeInfo(
                node("a", "cpu=1"), PodInfo.of(pod("x", "cpu=1").build()).onNode("a"));
        NodeInfo b = nodeInfo(
                node("b", "cpu=1"), PodInfo.of(pod("y", "cpu=1").build()).onNode("b"));
        PodInfo important = PodInfo.of(
                pod("i", "cpu=1").editSpec().withPriority(9).endSpec().build());
        server.on("preempt", sent -> "{\"NodeNameToMetaVictims\": {\"b\": {\"Pods\": [{\"UID\": \"uid-y\"}]}}}");
        for (boolean nodeCacheCapable : List.of(true, false)) {
            assertThat(decide(important, snapshot(a, b), extender(nodeCacheCapable, false)))
                    .isInstanceOfSatisfying(
                            Decision.NoFit.class,
                            noFit -> assertThat(noFit.remedy())
                                    .isEqualTo(new Remedy.Evict(
                                            "b", List.of(b.pods().getFirst()))));
        }
        assertThat(server.asked()
                        .get(0)
                        .at("/NodeNameToMetaVictims/a/Pods/0/UID")
                        .asString(""))
                .isEqualTo("uid-x");
        assertThat(server.asked()
                        .get(1)
                        .at("/NodeNameToVictims/a/Pods/0/metadata/name")
                        .asString(""))
                .isEqualTo("x");
        server.on("preempt", sent -> "{\"NodeNameToMetaVictims\": {}}");
        assertThat(decide(important, snapshot(a, b), extender(true, false)))
                .isInstanceOfSatisfying(
                        Decision.NoFit.class,
                        noFit -> assertThat(noFit.message()).endsWith("preemption: no candidate node for preemption"));
    }

    @Test
    void looksAfterPodsThatAskForItsResources() {
        server.on("filter", sent -> "{\"Error\": \"never asked\"}");
        ExtenderConfig stated = server.config(true, false, Tls.NONE);
        HttpExtender extender = new HttpExtender(
                new ExtenderConfig(
                        stated.urlPrefix(),
                        stated.filterVerb(),
                        "",
                        "",
                        "",
                        0,
                        false,
                        Tls.NONE,
                        stated.timeout(),
                        true,
                        List.of(new ExtenderConfig.ManagedResource("example.com/gpu", false)),
                        false),
                OBJECTS);
        assertThat(decide(POD, CLUSTER, extender)).isInstanceOf(Decision.Place.class);
        assertThat(extender.concerns(PodInfo.of(pod("g", "example.com/gpu=1").build())))
                .isTrue();
    }

    @Test
    void speaksTlsAndChecksTheName() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("extenders", Instant.now());
        Credential serving =
                authority.issueServing("extender", List.of(), List.of("extender.example.com"), Instant.now());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("server", serving.key(), new char[0], new Certificate[] {serving.certificate()});
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        String ca = authority.own().certificatePem();
        try (ExtenderServer secure = new ExtenderServer(context)) {
            secure.on("filter", sent -> "{\"NodeNames\": [\"a\"]}");
            assertThat(decideBy(secure, new Tls(false, "extender.example.com", null, null, ca)))
                    .isInstanceOf(Decision.Place.class);
            assertThat(decideBy(secure, Tls.NONE)).as("nobody to trust").isInstanceOf(Decision.Place.class);
            assertThatThrownBy(() -> decideBy(secure, new Tls(false, "other.example.com", null, null, ca)))
                    .isInstanceOf(FailedException.class);
            assertThatThrownBy(() -> decideBy(secure, new Tls(false, "", null, null, ca)))
                    .as("the address is not in the certificate")
                    .isInstanceOf(FailedException.class);
        }
    }

    private Decision decideBy(ExtenderServer secure, Tls tls) {
        return decide(POD, CLUSTER, new HttpExtender(secure.config(true, false, tls), OBJECTS));
    }
}
