package io.mokube.controllermanager.controllers.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterInfoTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Map<String, String> GOOD =
            Map.of("token-id", "abcdef", "token-secret", "0123456789abcdef", "usage-bootstrap-signing", "true");

    @Test
    void theSignatureIsTheOneKubernetesMakes() {
        // The example of Kubernetes' own test.
        assertThat(ClusterInfo.signature(
                        "Hello from the other side. I must have called a thousand times.",
                        new BootstrapToken("joshua", "my voice is my passcode")))
                .isEqualTo("eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8");
    }

    @Test
    void everyTokenSignsAndOldSignaturesGo() {
        ConfigMap map = map(Map.of("kubeconfig", "content", "jws-kubeconfig-gone00", "x", "other", "stays"));
        BootstrapToken token = new BootstrapToken("abcdef", "0123456789abcdef");
        ConfigMap signed = ClusterInfo.signed(map, List.of(token)).orElseThrow();
        assertThat(signed.getData())
                .isEqualTo(Map.of(
                        "kubeconfig", "content",
                        "other", "stays",
                        "jws-kubeconfig-abcdef", ClusterInfo.signature("content", token)));
        assertThat(ClusterInfo.signed(signed, List.of(token))).isEmpty();
        assertThat(ClusterInfo.signed(map(Map.of()), List.of(token))).isEmpty();
    }

    @Test
    void onlyGoodTokensSign() {
        assertThat(BootstrapToken.forSigning(secret(GOOD), NOW))
                .contains(new BootstrapToken("abcdef", "0123456789abcdef"));
        assertThat(BootstrapToken.forSigning(with("expiration", "2026-01-01T12:00:01Z"), NOW))
                .isPresent();
        assertThat(BootstrapToken.forSigning(with("expiration", "2026-01-01T12:00:00Z"), NOW))
                .isEmpty();
        assertThat(BootstrapToken.forSigning(with("expiration", "tomorrow"), NOW))
                .isEmpty();
        assertThat(BootstrapToken.forSigning(with("usage-bootstrap-signing", "false"), NOW))
                .isEmpty();
        assertThat(BootstrapToken.forSigning(with("token-id", "fedcba"), NOW)).isEmpty();
        assertThat(BootstrapToken.forSigning(with("token-secret", ""), NOW)).isEmpty();
    }

    @Test
    void aTokenWithoutExpirationNeverExpires() {
        assertThat(BootstrapToken.expiration(secret(GOOD))).isEqualTo(Instant.MAX);
        assertThat(BootstrapToken.expiration(with("expiration", "2026-01-01T12:00:01Z")))
                .isEqualTo(NOW.plusSeconds(1));
        assertThat(BootstrapToken.expiration(with("expiration", "tomorrow"))).isEqualTo(Instant.MIN);
    }

    private static Secret with(String key, String value) {
        Map<String, String> data = new HashMap<>(GOOD);
        data.put(key, value);
        return secret(data);
    }

    private static Secret secret(Map<String, String> data) {
        Map<String, String> encoded = new HashMap<>();
        data.forEach((key, value) ->
                encoded.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace("kube-system")
                .withName("bootstrap-token-abcdef")
                .endMetadata()
                .withData(encoded)
                .build();
    }

    private static ConfigMap map(Map<String, String> data) {
        return new ConfigMapBuilder().withData(data).build();
    }
}
