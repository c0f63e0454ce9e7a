package io.mokube.controllermanager.controllers.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnusedTokensTest {

    private static final Instant NOW = Instant.parse("2026-06-15T10:00:00Z");
    private static final Duration YEAR = Duration.ofDays(365);

    @ParameterizedTest
    @CsvSource({
        // created, last used, invalid since, what becomes of it
        "2024-01-01, '', '', INVALIDATE",
        "2024-01-01, 2025-06-14, '', INVALIDATE",
        "2024-01-01, 2025-06-15, '', KEEP",
        "2024-01-01, 2026-06-14, '', KEEP",
        "2024-01-01, yesterday, '', KEEP",
        "2025-06-16, '', '', KEEP",
        "2024-01-01, '', soon, INVALIDATE",
        "2024-01-01, '', 2025-06-15, KEEP",
        "2024-01-01, '', 2025-06-14, DELETE",
        "2024-01-01, 2025-01-01, 2025-06-14, DELETE",
        "2024-01-01, 2026-01-01, 2025-06-14, KEEP",
    })
    void unusedTokensAreInvalidatedAndThenDeleted(String created, String used, String invalid, UnusedTokens expected) {
        assertThat(UnusedTokens.judge(secret(created, used, invalid), account("uid-1", "token-1"), false, YEAR, NOW))
                .isEqualTo(expected);
    }

    @Test
    void tokensThatSomebodyMadeOrMountsOrThatBelongToNobodyAreKept() {
        Secret unused = secret("2024-01-01", "", "");
        assertThat(UnusedTokens.judge(unused, account("uid-1", "token-1"), true, YEAR, NOW))
                .isEqualTo(UnusedTokens.KEEP);
        assertThat(UnusedTokens.judge(unused, account("uid-1", "other"), false, YEAR, NOW))
                .isEqualTo(UnusedTokens.KEEP);
        assertThat(UnusedTokens.judge(unused, account("uid-2", "token-1"), false, YEAR, NOW))
                .isEqualTo(UnusedTokens.KEEP);
        assertThat(UnusedTokens.judge(unused, Optional.empty(), false, YEAR, NOW))
                .isEqualTo(UnusedTokens.KEEP);
    }

    private static Secret secret(String created, String used, String invalid) {
        Map<String, String> labels = new HashMap<>();
        if (!used.isEmpty()) {
            labels.put(TokenSecrets.LAST_USED, used);
        }
        if (!invalid.isEmpty()) {
            labels.put(TokenSecrets.INVALID_SINCE, invalid);
        }
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("token-1")
                .withCreationTimestamp(created + "T00:00:00Z")
                .withLabels(labels)
                .addToAnnotations(TokenSecrets.ACCOUNT_NAME, "robot")
                .addToAnnotations(TokenSecrets.ACCOUNT_UID, "uid-1")
                .endMetadata()
                .build();
    }

    private static Optional<ServiceAccount> account(String uid, String secret) {
        return Optional.of(new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("robot")
                .withUid(uid)
                .endMetadata()
                .addNewSecret()
                .withName(secret)
                .endSecret()
                .build());
    }
}
