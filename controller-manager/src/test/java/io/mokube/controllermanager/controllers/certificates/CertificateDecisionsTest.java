package io.mokube.controllermanager.controllers.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.mokube.controllermanager.CertificationRequests;
import io.mokube.pki.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateDecisionsTest {

    private static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");
    private static final Duration YEAR = Duration.ofDays(365);
    private static final String NODE = "O=system:nodes,CN=system:node:n1";
    private static final GeneralName DNS = new GeneralName(GeneralName.dNSName, "n1");
    private static final GeneralName IP = new GeneralName(GeneralName.iPAddress, "10.0.0.1");
    private static final GeneralName EMAIL = new GeneralName(GeneralName.rfc822Name, "a@b.c");
    private static final GeneralName URI = new GeneralName(GeneralName.uniformResourceIdentifier, "urn:x");
    private static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    private static final String KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final String SERVING = "kubernetes.io/kubelet-serving";

    static Stream<Arguments> refusals() {
        return Stream.of(
                refusal(CLIENT, "CN=x", "client auth", ""),
                refusal(CLIENT, "CN=x", "client auth,digital signature,key encipherment", ""),
                refusal(
                        CLIENT,
                        "CN=x",
                        "digital signature",
                        "missing required usage for client certificate: client auth"),
                refusal(CLIENT, "CN=x", "client auth,server auth", "invalid usage for client certificate: server auth"),
                refusal(KUBELET, NODE, "client auth,digital signature", ""),
                refusal(KUBELET, NODE, "client auth,digital signature,key encipherment", ""),
                refusal(
                        KUBELET,
                        NODE,
                        "client auth",
                        "usages did not match [client auth digital signature key encipherment]"),
                refusal(
                        KUBELET,
                        "CN=system:node:n1",
                        "client auth,digital signature",
                        "subject organization is not system:nodes"),
                refusal(
                        KUBELET,
                        "O=system:nodes,O=system:masters,CN=system:node:n1",
                        "client auth,digital signature",
                        "subject organization is not system:nodes"),
                refusal(
                        KUBELET,
                        "O=system:nodes,CN=n1",
                        "client auth,digital signature",
                        "subject common name does not begin with system:node:"),
                refusal(KUBELET, NODE, "client auth,digital signature", "DNS subjectAltNames are not allowed", DNS),
                refusal(KUBELET, NODE, "client auth,digital signature", "IP subjectAltNames are not allowed", IP),
                refusal(KUBELET, NODE, "client auth,digital signature", "Email subjectAltNames are not allowed", EMAIL),
                refusal(KUBELET, NODE, "client auth,digital signature", "URI subjectAltNames are not allowed", URI),
                refusal(SERVING, NODE, "server auth,digital signature", "", DNS),
                refusal(SERVING, NODE, "server auth,digital signature,key encipherment", "", IP),
                refusal(SERVING, NODE, "server auth,digital signature", "DNS or IP subjectAltName is required"),
                refusal(
                        SERVING,
                        NODE,
                        "server auth,digital signature",
                        "Email subjectAltNames are not allowed",
                        DNS,
                        EMAIL),
                refusal(
                        SERVING,
                        NODE,
                        "server auth,client auth,digital signature",
                        "usages did not match [digital signature key encipherment server auth]",
                        DNS),
                refusal("kubernetes.io/legacy-unknown", "CN=anything", "code signing", ""));
    }

    private static Arguments refusal(
            String signer, String subject, String usages, String problem, GeneralName... names) {
        return Arguments.of(signer, subject, usages, problem, names);
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void eachSignerHasItsDemands(String signer, String subject, String usages, String problem, GeneralName[] names) {
        CertificateSigningRequest request =
                with(request(signer, CertificationRequests.of(subject, names), usages.split(",")), "Approved", NOW);
        SigningDecision decision = SigningDecision.of(request, YEAR, NOW);
        if (problem.isEmpty()) {
            assertThat(decision)
                    .isInstanceOfSatisfying(
                            SigningDecision.Sign.class,
                            sign -> assertThat(sign.usages())
                                    .containsExactlyInAnyOrderElementsOf(Arrays.stream(usages.split(","))
                                            .map(each -> Usage.of(each).orElseThrow())
                                            .toList()));
        } else {
            assertThat(decision).isEqualTo(new SigningDecision.Fail(problem));
        }
    }

    @Test
    void onlyApprovedUndeniedUnfailedUnsignedRequestsOfKnownSignersAreSigned() {
        CertificateSigningRequest asked = request(CLIENT, CertificationRequests.of("CN=x"), "client auth");
        CertificateSigningRequest approved = with(asked, "Approved", NOW);
        assertThat(SigningDecision.of(approved, YEAR, NOW)).isInstanceOf(SigningDecision.Sign.class);
        SigningDecision leave = new SigningDecision.Leave();
        assertThat(SigningDecision.of(asked, YEAR, NOW)).isEqualTo(leave);
        assertThat(SigningDecision.of(with(approved, "Denied", NOW), YEAR, NOW)).isEqualTo(leave);
        assertThat(SigningDecision.of(with(approved, "Failed", NOW), YEAR, NOW)).isEqualTo(leave);
        assertThat(SigningDecision.of(issued(approved), YEAR, NOW)).isEqualTo(leave);
        assertThat(SigningDecision.of(
                        with(
                                request("example.com/own", CertificationRequests.of("CN=x"), "client auth"),
                                "Approved",
                                NOW),
                        YEAR,
                        NOW))
                .isEqualTo(leave);
        assertThat(SigningDecision.of(
                        with(request(CLIENT, CertificationRequests.of("CN=x"), "walking"), "Approved", NOW), YEAR, NOW))
                .isEqualTo(new SigningDecision.Unreadable("unrecognized usage values: [walking]"));
        assertThat(SigningDecision.of(with(request(CLIENT, "AAAA", "client auth"), "Approved", NOW), YEAR, NOW))
                .isEqualTo(new SigningDecision.Unreadable(
                        "unable to parse csr: PEM block type must be CERTIFICATE REQUEST"));
    }

    static Stream<Arguments> lives() {
        return Stream.of(
                Arguments.of(null, YEAR.minusMinutes(5)),
                Arguments.of(3600, Duration.ofHours(1)),
                Arguments.of(1, Duration.ofMinutes(10)),
                Arguments.of(8 * 3600 - 1, Duration.ofHours(8).minusSeconds(1)),
                // Lives of eight hours and more pay for the backdating themselves.
                Arguments.of(8 * 3600, Duration.ofHours(8).minusMinutes(5)),
                Arguments.of(Integer.MAX_VALUE, YEAR.minusMinutes(5)));
    }

    @ParameterizedTest
    @MethodSource("lives")
    void aCertificateLivesAsLongAsAskedWithinTheLimits(@Nullable Integer asked, Duration fromNow) {
        CertificateSigningRequest request = with(
                new CertificateSigningRequestBuilder(request(CLIENT, CertificationRequests.of("CN=x"), "client auth"))
                        .editSpec()
                        .withExpirationSeconds(asked)
                        .endSpec()
                        .build(),
                "Approved",
                NOW);
        assertThat(SigningDecision.of(request, YEAR, NOW)).isInstanceOfSatisfying(SigningDecision.Sign.class, sign -> {
            assertThat(sign.begins()).isEqualTo(NOW.minus(Duration.ofMinutes(5)));
            assertThat(sign.ends()).isEqualTo(NOW.plus(fromNow));
        });
    }

    @Test
    void kubeletsRequestsAreApprovedByRight() throws Exception {
        CertificateSigningRequest own = by(
                "system:node:n1", request(KUBELET, CertificationRequests.of(NODE), "client auth", "digital signature"));
        assertThat(NodeClient.thatApprove(own, Requests.parse(own))).containsExactly(NodeClient.SELF, NodeClient.ANY);
        CertificateSigningRequest others = by("system:bootstrap:abcdef", own);
        assertThat(NodeClient.thatApprove(others, Requests.parse(others))).containsExactly(NodeClient.ANY);
        CertificateSigningRequest serving = by(
                "system:node:n1",
                request(SERVING, CertificationRequests.of(NODE, DNS), "server auth", "digital signature"));
        assertThat(NodeClient.thatApprove(serving, Requests.parse(serving))).isEmpty();
        CertificateSigningRequest odd = by(
                "system:node:n1",
                request(KUBELET, CertificationRequests.of(NODE), "client auth", "digital signature", "walking"));
        assertThat(NodeClient.thatApprove(odd, Requests.parse(odd))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Denied", "Failed", "Approved and issued", "Approved", ""})
    void requestsAreRemovedAnHourAfterTheirEndAndADayAfterTheLastWord(String state) {
        Instant decided = NOW.plus(Duration.ofHours(5));
        CertificateSigningRequest request = request(CLIENT, CertificationRequests.of("CN=x"), "client auth");
        if (!state.isEmpty()) {
            request = with(request, state.split(" ")[0], decided);
        }
        if (state.endsWith("issued")) {
            request = issued(request);
        }
        Instant expected = state.isEmpty()
                ? NOW.plus(Duration.ofHours(24))
                : decided.plus(state.equals("Approved") ? Duration.ofHours(24) : Duration.ofHours(1));
        assertThat(CertificateCleanerController.end(request)).isEqualTo(Optional.of(expected));
    }

    // -----------------------------------------------------------------------------------------------------------

    private static CertificateSigningRequest request(String signer, String encoded, String... usages) {
        return new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withName("r")
                .withCreationTimestamp(NOW.toString())
                .endMetadata()
                .withNewSpec()
                .withSignerName(signer)
                .withRequest(encoded)
                .withUsages(List.of(usages))
                .endSpec()
                .build();
    }

    private static CertificateSigningRequest by(String user, CertificateSigningRequest request) {
        return new CertificateSigningRequestBuilder(request)
                .editSpec()
                .withUsername(user)
                .endSpec()
                .build();
    }

    private static CertificateSigningRequest with(CertificateSigningRequest request, String condition, Instant time) {
        return new CertificateSigningRequestBuilder(request)
                .editOrNewStatus()
                .addToConditions(Requests.condition(condition, "Test", "", time))
                .endStatus()
                .build();
    }

    private static CertificateSigningRequest issued(CertificateSigningRequest request) {
        return new CertificateSigningRequestBuilder(request)
                .editOrNewStatus()
                .withCertificate("AAAA")
                .endStatus()
                .build();
    }
}
