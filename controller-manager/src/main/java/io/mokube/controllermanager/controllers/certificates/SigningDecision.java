package io.mokube.controllermanager.controllers.certificates;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.mokube.pki.CertificateRequest;
import io.mokube.pki.Usage;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What becomes of a certificate signing request at the signer. Pure. */
sealed interface SigningDecision {

    /** Nothing: it is not approved, has its certificate, has failed, or is another signer's. */
    record Leave() implements SigningDecision {}

    /** The signer refuses for good. */
    record Fail(String message) implements SigningDecision {}

    /** A certificate of this life is issued. */
    record Sign(CertificateRequest request, Set<Usage> usages, Instant begins, Instant ends)
            implements SigningDecision {}

    /** The request can't be understood; the reason is for the log. */
    record Unreadable(String reason) implements SigningDecision {}

    /** Certificates begin a little earlier than now, for machines whose clocks are behind. */
    Duration BACKDATE = Duration.ofMinutes(5);

    /** Lives shorter than this are counted from now on, so that backdating takes nothing off them. */
    Duration SHORT = Duration.ofHours(8);

    Duration SHORTEST_LIFE = Duration.ofMinutes(10);

    /** @param longestLife how long a certificate lives at most, and when nothing is asked for */
    static SigningDecision of(CertificateSigningRequest request, Duration longestLife, Instant now) {
        Optional<Signer> signer = Signer.of(request.getSpec().getSignerName());
        if (signer.isEmpty()
                || !Requests.has(request, Requests.APPROVED)
                || Requests.has(request, Requests.DENIED)
                || Requests.has(request, Requests.FAILED)
                || !Requests.certificate(request).isEmpty()) {
            return new Leave();
        }
        CertificateRequest inner;
        try {
            inner = Requests.parse(request);
        } catch (GeneralSecurityException e) {
            return new Unreadable("unable to parse csr: " + e.getMessage());
        }
        Set<Usage> usages = EnumSet.noneOf(Usage.class);
        List<String> unknown = new ArrayList<>();
        for (String word : request.getSpec().getUsages()) {
            Usage.of(word).ifPresentOrElse(usages::add, () -> unknown.add(word));
        }
        if (!unknown.isEmpty()) {
            return new Unreadable("unrecognized usage values: " + unknown);
        }
        Duration life = life(request.getSpec().getExpirationSeconds(), longestLife);
        Instant begins = now.minus(BACKDATE);
        Instant ends = (life.compareTo(SHORT) < 0 ? now : begins).plus(life);
        return signer.get()
                .problemOf(inner, usages)
                .<SigningDecision>map(Fail::new)
                .orElseGet(() -> new Sign(inner, usages, begins, ends));
    }

    private static Duration life(@Nullable Integer asked, Duration longest) {
        if (asked == null || Duration.ofSeconds(asked).compareTo(longest) > 0) {
            return longest;
        }
        Duration life = Duration.ofSeconds(asked);
        return life.compareTo(SHORTEST_LIFE) < 0 ? SHORTEST_LIFE : life;
    }
}
