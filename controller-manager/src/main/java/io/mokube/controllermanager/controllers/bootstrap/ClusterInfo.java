package io.mokube.controllermanager.controllers.bootstrap;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.util.Base64URL;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What {@code kube-public/cluster-info} should carry: beside the kubeconfig a signature for each token. Pure. */
final class ClusterInfo {

    private static final String KUBECONFIG = "kubeconfig";
    private static final String SIGNATURE = "jws-kubeconfig-";
    private static final int KEY_BYTES = 32;

    private ClusterInfo() {}

    /** The config map with the right signatures; empty when it has them, or nothing to sign. */
    static Optional<ConfigMap> signed(ConfigMap present, Collection<BootstrapToken> tokens) {
        @Nullable Map<String, String> before = present.getData();
        if (before == null || !before.containsKey(KUBECONFIG)) {
            return Optional.empty();
        }
        Map<String, String> data = new TreeMap<>(before);
        data.keySet().removeIf(key -> key.startsWith(SIGNATURE));
        for (BootstrapToken token : tokens) {
            data.put(SIGNATURE + token.id(), signature(before.getOrDefault(KUBECONFIG, ""), token));
        }
        return data.equals(before)
                ? Optional.empty()
                : Optional.of(new ConfigMapBuilder(present).withData(data).build());
    }

    /**
     * A signature without its content. A new node makes the same signature and compares the texts, so the header is
     * spelt as Kubernetes spells it.
     */
    static String signature(String content, BootstrapToken token) {
        byte[] key = token.secret().getBytes(StandardCharsets.UTF_8);
        String header = "{\"alg\":\"HS256\",\"kid\":\"" + token.id() + "\"}";
        try {
            JWSObject object = new JWSObject(JWSHeader.parse(Base64URL.encode(header)), new Payload(content));
            object.sign(new MACSigner(Arrays.copyOf(key, Math.max(KEY_BYTES, key.length))));
            return object.serialize(true);
        } catch (ParseException | JOSEException e) {
            throw new IllegalStateException("the token " + token.id() + " can't sign", e);
        }
    }
}
