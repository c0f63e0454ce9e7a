package io.mokube.apiserver.pki;

import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Credential;
import io.mokube.pki.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's certificates and keys in one folder, laid out as kubeadm does: {@code ca.crt}, {@code apiserver.crt},
 * {@code sa.key} and so on below {@code pki/}, kubeconfig files beside it.
 *
 * <p>What is missing is made, what is there is kept; a certificate that ends within thirty days, or lacks a name it
 * needs, is issued anew. Every file appears whole or not at all and is readable by its owner only. One process owns the
 * folder.
 */
public final class ClusterCertificates {

    private static final Logger log = LoggerFactory.getLogger(ClusterCertificates.class);

    /** As whom the API server passes on what users ask. */
    public static final String FRONT_PROXY = "front-proxy-client";

    private static final String ADMIN = "admin";
    private static final String CLUSTER_DNS = "system:cluster-dns";
    private static final String INGRESS = "system:ingress";
    private static final String POD_NETWORK = "system:pod-network";

    /** Issued anew this long before the end. */
    private static final Duration RENEWAL = Duration.ofDays(30);

    private final Path directory;
    private final Clock clock;
    private final CertificateAuthority authority;
    private final Credential serving;
    private final Credential kubeletClient;
    private final KeyPair serviceAccountKeys;
    private final CertificateAuthority frontProxyAuthority;
    private final Credential frontProxyClient;

    private ClusterCertificates(Path directory, Collection<String> servingNames, Clock clock)
            throws IOException, GeneralSecurityException {
        this.directory = directory;
        this.clock = clock;
        Files.createDirectories(pki());
        this.authority = ensureAuthority("ca", "kubernetes");
        this.serving = ensureLeaf(
                "apiserver",
                servingNames,
                now -> authority.issueServing("kube-apiserver", List.of(), servingNames, now));
        this.kubeletClient = ensureLeaf(
                "apiserver-kubelet-client",
                List.of(),
                now -> authority.issueClient("kube-apiserver-kubelet-client", List.of("system:masters"), now));
        this.serviceAccountKeys = ensureServiceAccountKeys();
        // An authority of its own: whoever believes it believes what is said of users in headers.
        this.frontProxyAuthority = ensureAuthority("front-proxy-ca", "front-proxy-ca");
        this.frontProxyClient = ensureLeaf(
                "front-proxy-client",
                List.of(),
                now -> frontProxyAuthority.issueClient(FRONT_PROXY, List.of(), now),
                "",
                frontProxyAuthority);
    }

    /**
     * Reads or makes what an API server needs.
     *
     * @param directory the folder, made when missing
     * @param servingNames the host names and addresses that clients reach the server by
     * @throws ComponentException when the folder can't be used
     */
    public static ClusterCertificates ensure(Path directory, Collection<String> servingNames, Clock clock) {
        try {
            return new ClusterCertificates(directory, servingNames, clock);
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(directory, e);
        }
    }

    /** What every client of the cluster trusts. */
    public X509Certificate authorityCertificate() {
        return authority.own().certificate();
    }

    public String authorityPem() {
        return authority.own().certificatePem();
    }

    /** What the API server shows its clients. */
    public Credential serving() {
        return serving;
    }

    /** What the API server shows to kubelets. */
    public Credential kubeletClient() {
        return kubeletClient;
    }

    /** What the API server shows to the servers that it passes users' requests on to. */
    public Credential frontProxyClient() {
        return frontProxyClient;
    }

    /** Whom those servers are to believe, in PEM. */
    public X509Certificate frontProxyAuthority() {
        return frontProxyAuthority.own().certificate();
    }

    /** The same as PEM. */
    public String frontProxyAuthorityPem() {
        return frontProxyAuthority.own().certificatePem();
    }

    /** The RSA keys that sign and verify service account tokens. */
    public KeyPair serviceAccountKeys() {
        return serviceAccountKeys;
    }

    /** Makes sure that the kubeconfig files of the admin and of the components without a node lead to this server. */
    public void ensureKubeconfigs(URI server) {
        ensureKubeconfig(
                ADMIN,
                "kubernetes-admin",
                now -> authority.issuePersonal("kubernetes-admin", List.of("system:masters"), now),
                server);
        ensureKubeconfig("scheduler", "system:kube-scheduler", client("system:kube-scheduler", List.of()), server);
        ensureKubeconfig(
                "controller-manager",
                "system:kube-controller-manager",
                client("system:kube-controller-manager", List.of()),
                server);
        ensureKubeconfig("cluster-dns", CLUSTER_DNS, client(CLUSTER_DNS, List.of()), server);
        ensureKubeconfig("ingress", INGRESS, client(INGRESS, List.of()), server);
        ensureKubeconfig("pod-network", POD_NETWORK, client(POD_NETWORK, List.of()), server);
        ensureKubeconfig("kube-proxy", "system:kube-proxy", client("system:kube-proxy", List.of()), server);
    }

    /** The admin's kubeconfig file, there after {@link #ensureKubeconfigs}. */
    public Path adminKubeconfig() {
        return kubeconfig(ADMIN);
    }

    /** The kubeconfig file of the user with this short name, such as {@code scheduler} or {@code cluster-dns}. */
    public Path kubeconfig(String shortName) {
        return directory.resolve(shortName + ".conf");
    }

    /**
     * Makes sure that a node has what its kubelet needs.
     *
     * @param addresses the host names and addresses that the API server reaches the kubelet by
     * @param server where the kubelet finds the API server
     */
    public NodeCredentials issueNode(String name, Collection<String> addresses, URI server) {
        String file = "kubelet-" + name;
        try {
            Set<String> names = new HashSet<>(addresses);
            names.add(name);
            ensureLeaf(
                    file,
                    names,
                    now -> authority.issueServing("system:node:" + name, List.of("system:nodes"), names, now));
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(directory, e);
        }
        ensureKubeconfig(file, "system:node:" + name, client("system:node:" + name, List.of("system:nodes")), server);
        return new NodeCredentials(kubeconfig(file), certificateFile(file), keyFile(file), certificateFile("ca"));
    }

    /**
     * The files of a node.
     *
     * @param kubeconfig how its kubelet reaches the API server
     * @param servingCertificate what its kubelet shows those who connect to it
     * @param servingKey the key of that
     * @param authority whom its kubelet trusts
     */
    public record NodeCredentials(Path kubeconfig, Path servingCertificate, Path servingKey, Path authority) {}

    private Issuer client(String user, List<String> groups) {
        return now -> authority.issueClient(user, groups, now);
    }

    private void ensureKubeconfig(String shortName, String user, Issuer issuer, URI server) {
        try {
            Credential credential = ensureLeaf(shortName, List.of(), issuer, "client-", authority);
            String content = kubeconfigText(user, credential, server);
            Path file = kubeconfig(shortName);
            if (!Files.exists(file) || !Files.readString(file).equals(content)) {
                write(file, content);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(directory, e);
        }
    }

    private CertificateAuthority ensureAuthority(String file, String name)
            throws IOException, GeneralSecurityException {
        // The certificate is written last: when it is there, the key is.
        if (Files.exists(certificateFile(file))) {
            return new CertificateAuthority(read(file));
        }
        CertificateAuthority created = CertificateAuthority.create(name, clock.instant());
        write(file, created.own());
        log.atInfo()
                .setMessage("created a certificate authority")
                .addKeyValue("name", name)
                .addKeyValue("directory", pki())
                .log();
        return created;
    }

    private KeyPair ensureServiceAccountKeys() throws IOException, GeneralSecurityException {
        Path file = pki().resolve("sa.key");
        if (!Files.exists(file)) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            KeyPair created = generator.generateKeyPair();
            write(pki().resolve("sa.pub"), Pem.write(created.getPublic()));
            write(file, Pem.write(created.getPrivate()));
            return created;
        }
        PrivateKey key = Pem.readPrivateKey(Files.readString(file));
        if (!(key instanceof RSAPrivateCrtKey rsa)) {
            throw new GeneralSecurityException(file + " holds no RSA key");
        }
        RSAPublicKeySpec spec = new RSAPublicKeySpec(rsa.getModulus(), rsa.getPublicExponent());
        return new KeyPair(KeyFactory.getInstance("RSA").generatePublic(spec), rsa);
    }

    private Credential ensureLeaf(String name, Collection<String> names, Issuer issuer)
            throws IOException, GeneralSecurityException {
        return ensureLeaf(name, names, issuer, "", authority);
    }

    private Credential ensureLeaf(
            String name, Collection<String> names, Issuer issuer, String prefix, CertificateAuthority signer)
            throws IOException, GeneralSecurityException {
        String file = prefix + name;
        Instant now = clock.instant();
        if (Files.exists(certificateFile(file)) && Files.exists(keyFile(file))) {
            Credential stored = read(file);
            if (isGood(stored, names, now, signer)) {
                return stored;
            }
        }
        Credential issued = issuer.issue(now);
        write(file, issued);
        log.atInfo()
                .setMessage("issued a certificate")
                .addKeyValue("file", certificateFile(file))
                .addKeyValue("until", issued.certificate().getNotAfter().toInstant())
                .log();
        return issued;
    }

    private static boolean isGood(
            Credential stored, Collection<String> names, Instant now, CertificateAuthority signer) {
        X509Certificate certificate = stored.certificate();
        if (now.plus(RENEWAL).isAfter(certificate.getNotAfter().toInstant()) || !covers(certificate, names)) {
            return false;
        }
        try {
            certificate.verify(signer.own().certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean covers(X509Certificate certificate, Collection<String> names) {
        Set<String> present = new HashSet<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    present.add(
                            CertificateAuthority.canonical(alternative.get(1).toString()));
                }
            }
        } catch (CertificateParsingException e) {
            return false;
        }
        return names.stream().allMatch(name -> present.contains(CertificateAuthority.canonical(name)));
    }

    private Credential read(String name) throws IOException, GeneralSecurityException {
        return new Credential(
                Pem.readCertificate(Files.readString(certificateFile(name))),
                Pem.readPrivateKey(Files.readString(keyFile(name))));
    }

    private void write(String name, Credential credential) throws IOException {
        // A crash in between must not leave an old certificate beside a new key.
        Files.deleteIfExists(certificateFile(name));
        write(keyFile(name), credential.keyPem());
        write(certificateFile(name), credential.certificatePem());
    }

    private static void write(Path file, String content) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException("no folder for " + file);
        }
        Path temporary = Files.createTempFile(
                parent,
                file.getFileName().toString(),
                ".tmp",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(temporary, content);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private String kubeconfigText(String user, Credential credential, URI server) {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: mokube
                  cluster:
                    certificate-authority-data: %s
                    server: %s
                contexts:
                - name: %s@mokube
                  context:
                    cluster: mokube
                    user: %s
                current-context: %s@mokube
                users:
                - name: %s
                  user:
                    client-certificate-data: %s
                    client-key-data: %s
                """.formatted(
                        base64(authorityPem()),
                        server,
                        user,
                        user,
                        user,
                        user,
                        base64(credential.certificatePem()),
                        base64(credential.keyPem()));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    private Path pki() {
        return directory.resolve("pki");
    }

    private Path certificateFile(String name) {
        return pki().resolve(name + ".crt");
    }

    private Path keyFile(String name) {
        return pki().resolve(name + ".key");
    }

    private static ComponentException unusable(Path directory, Exception cause) {
        return new ComponentException(
                "the certificates in " + directory + " can't be read or made: " + cause.getMessage()
                        + ". Make the folder writable, or move it away to have new ones made.",
                cause);
    }

    private interface Issuer {
        Credential issue(Instant now) throws GeneralSecurityException;
    }
}
