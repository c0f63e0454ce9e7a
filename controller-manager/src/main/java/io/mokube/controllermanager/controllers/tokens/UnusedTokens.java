package io.mokube.controllermanager.controllers.tokens;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** What is done about a token in a secret that was made for its account by Kubernetes before 1.24. Pure. */
enum UnusedTokens {
    KEEP,
    /** Nobody has used it for long: it stops being good, and may be revived by removing the label. */
    INVALIDATE,
    /** It has not been good for long either. */
    DELETE;

    /**
     * @param account the account the secret is for, when it exists; only a secret that it lists was made for it
     * @param isMounted whether a pod uses the secret
     * @param unusedFor how long a token must be unused to be invalidated, and invalid to be deleted
     */
    static UnusedTokens judge(
            Secret secret, Optional<ServiceAccount> account, boolean isMounted, Duration unusedFor, Instant now) {
        Instant before = now.minus(unusedFor);
        LocalDate beforeDay = LocalDate.ofInstant(before, ZoneOffset.UTC);
        String lastUsed = Ownership.labels(secret).getOrDefault(TokenSecrets.LAST_USED, "");
        boolean isOld = Times.parse(secret.getMetadata().getCreationTimestamp())
                .filter(created -> created.isBefore(before))
                .isPresent();
        boolean isUnused = lastUsed.isEmpty()
                || day(lastUsed).filter(used -> used.isBefore(beforeDay)).isPresent();
        boolean isGenerated = account.filter(each -> TokenSecrets.isFor(secret, each))
                .filter(each ->
                        TokenSecrets.isReferenced(each, secret.getMetadata().getName()))
                .isPresent();
        if (!isOld || !isUnused || !isGenerated || isMounted || Ownership.isBeingDeleted(secret)) {
            return KEEP;
        }
        Optional<LocalDate> invalidSince = day(Ownership.labels(secret).getOrDefault(TokenSecrets.INVALID_SINCE, ""));
        if (invalidSince.isEmpty()) {
            return INVALIDATE;
        }
        return invalidSince.get().isBefore(beforeDay) ? DELETE : KEEP;
    }

    /** The day that a text names, nothing when it names none. */
    static Optional<LocalDate> day(String text) {
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(LocalDate.parse(text));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
