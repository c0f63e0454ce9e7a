package io.mokube.controllermanager.controllers.certificates;

import io.mokube.pki.CertificateRequest;
import io.mokube.pki.Usage;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The signers whose certificates this cluster issues, and what each of them demands of a request. Pure. */
enum Signer {
    /** Certificates of clients of the API server. Never approved without a person. */
    API_SERVER_CLIENT("kubernetes.io/kube-apiserver-client") {
        @Override
        Optional<String> problemOf(CertificateRequest request, Set<Usage> usages) {
            for (Usage usage : usages) {
                if (!CLIENT_USAGES.contains(usage)) {
                    return Optional.of("invalid usage for client certificate: " + usage.word());
                }
            }
            return usages.contains(Usage.CLIENT_AUTH)
                    ? Optional.empty()
                    : Optional.of("missing required usage for client certificate: " + Usage.CLIENT_AUTH.word());
        }
    },

    /** Certificates by which kubelets are clients of the API server. */
    KUBELET_CLIENT("kubernetes.io/kube-apiserver-client-kubelet") {
        @Override
        Optional<String> problemOf(CertificateRequest request, Set<Usage> usages) {
            if (!request.organizations().equals(NODES)) {
                return Optional.of(NOT_NODES);
            }
            if (!request.dnsNames().isEmpty()) {
                return Optional.of("DNS subjectAltNames are not allowed");
            }
            if (!request.emailAddresses().isEmpty()) {
                return Optional.of(NO_EMAIL);
            }
            if (!request.ipAddresses().isEmpty()) {
                return Optional.of("IP subjectAltNames are not allowed");
            }
            if (!request.uris().isEmpty()) {
                return Optional.of(NO_URI);
            }
            if (!request.commonName().startsWith(NODE)) {
                return Optional.of(NOT_NODE);
            }
            return usagesMatch(usages, Usage.CLIENT_AUTH);
        }
    },

    /** Certificates that kubelets show those who connect to them. */
    KUBELET_SERVING("kubernetes.io/kubelet-serving") {
        @Override
        Optional<String> problemOf(CertificateRequest request, Set<Usage> usages) {
            if (!request.organizations().equals(NODES)) {
                return Optional.of(NOT_NODES);
            }
            if (request.dnsNames().isEmpty() && request.ipAddresses().isEmpty()) {
                return Optional.of("DNS or IP subjectAltName is required");
            }
            if (!request.emailAddresses().isEmpty()) {
                return Optional.of(NO_EMAIL);
            }
            if (!request.uris().isEmpty()) {
                return Optional.of(NO_URI);
            }
            Optional<String> wrong = usagesMatch(usages, Usage.SERVER_AUTH);
            return wrong.isEmpty() && !request.commonName().startsWith(NODE) ? Optional.of(NOT_NODE) : wrong;
        }
    },

    /** Whatever was asked for before signers had names; demands nothing. */
    LEGACY_UNKNOWN("kubernetes.io/legacy-unknown") {
        @Override
        Optional<String> problemOf(CertificateRequest request, Set<Usage> usages) {
            return Optional.empty();
        }
    };

    private static final Set<Usage> CLIENT_USAGES =
            EnumSet.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, Usage.CLIENT_AUTH);
    private static final List<String> NODES = List.of("system:nodes");
    private static final String NODE = "system:node:";
    private static final String NOT_NODES = "subject organization is not system:nodes";
    private static final String NOT_NODE = "subject common name does not begin with system:node:";
    private static final String NO_EMAIL = "Email subjectAltNames are not allowed";
    private static final String NO_URI = "URI subjectAltNames are not allowed";

    private final String signerName;

    Signer(String signerName) {
        this.signerName = signerName;
    }

    static Optional<Signer> of(String name) {
        return Arrays.stream(values())
                .filter(each -> each.signerName.equals(name))
                .findFirst();
    }

    /** Why this signer signs no such certificate, in the words of Kubernetes; empty when it does. */
    abstract Optional<String> problemOf(CertificateRequest request, Set<Usage> usages);

    /** Kubelets ask for exactly this purpose; those with RSA keys also encipher keys. */
    private static Optional<String> usagesMatch(Set<Usage> usages, Usage purpose) {
        boolean match = usages.equals(EnumSet.of(Usage.DIGITAL_SIGNATURE, purpose))
                || usages.equals(EnumSet.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, purpose));
        List<String> words = Arrays.asList("digital signature", "key encipherment", purpose.word());
        words.sort(null);
        return match ? Optional.empty() : Optional.of("usages did not match [" + String.join(" ", words) + "]");
    }
}
