package io.mokube.apiserver.admission.quota;

import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import io.mokube.machinery.quota.Evaluator;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a write wants of the quotas. Pure.
 *
 * @param object as it shall be
 * @param old as it was, null for a new object
 * @param isStatus whether the write reports what has happened already: it is charged and never refused for its amount
 */
record QuotaClaim(
        Evaluator evaluator, KubeObject object, @Nullable KubeObject old, boolean isStatus, Instant now) {

    /** What a quota says to a claim. */
    sealed interface Verdict {

        /** It does not count the object, or nothing more of it. */
        record Unconcerned() implements Verdict {}

        /** It has room, and shall be charged with this. */
        record Charged(Amounts usage) implements Verdict {}

        /** It has not; the words for the user. */
        record Refused(String why) implements Verdict {}
    }

    /**
     * Asks one quota.
     *
     * @param used what is used of it so far
     */
    Verdict ask(KubeObject quota, Amounts used) {
        Amounts hard = Amounts.of(quota.at("status", "hard"));
        List<String> measured =
                hard.names().stream().filter(evaluator::measures).toList();
        if (measured.isEmpty() || !evaluator.isScopedBy(quota, object)) {
            return new Verdict.Unconcerned();
        }
        Optional<String> missing = evaluator.missing(measured, object);
        if (missing.isPresent()) {
            return new Verdict.Refused("failed quota: " + quota.name() + ": " + missing.get());
        }
        if (!used.names().containsAll(measured)) {
            return new Verdict.Refused(
                    "status unknown for quota: " + quota.name() + ", resources: " + String.join(",", measured));
        }
        Amounts wanted = evaluator.usage(object, now);
        if (old != null && evaluator.isScopedBy(quota, old)) {
            wanted = wanted.minus(evaluator.usage(old, now));
        }
        Amounts more = wanted.withoutZeros().only(hard::has);
        if (more.isEmpty()) {
            return new Verdict.Unconcerned();
        }
        List<String> exceeded = used.plus(more).only(more::has).beyond(hard);
        if (exceeded.isEmpty() || isStatus) {
            return new Verdict.Charged(more);
        }
        return new Verdict.Refused("exceeded quota: " + quota.name() + ", requested: " + more.only(exceeded::contains)
                + ", used: " + used.only(exceeded::contains) + ", limited: " + hard.only(exceeded::contains));
    }

    /** What is used of a quota so far. */
    static Amounts used(KubeObject quota) {
        return Amounts.of(quota.at("status", "used"));
    }
}
