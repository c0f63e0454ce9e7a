package io.mokube.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * Signs certificates. The keys that it makes are on the P-256 curve, which costs a handshake least; the authority's own may
 * be RSA as well.
 */
public final class CertificateAuthority {

    private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
    private static final Duration LEAF_LIFE = Duration.ofDays(365);

    /** Certificates begin a little earlier than now, for machines whose clocks are behind. */
    private static final Duration SKEW = Duration.ofMinutes(5);

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Credential own;

    /** An authority with the certificate and key that it signs with. */
    public CertificateAuthority(Credential own) {
        this.own = own;
    }

    /** A new authority that trusts itself. */
    public static CertificateAuthority create(String commonName, Instant now) throws GeneralSecurityException {
        KeyPair keys = newKeys();
        X500Name name = distinguishedName(commonName, List.of());
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name, serial(), date(now.minus(SKEW)), date(now.plus(AUTHORITY_LIFE)), name, keys.getPublic());
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign | KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
            return new CertificateAuthority(new Credential(sign(builder, keys.getPrivate()), keys.getPrivate()));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** What this authority signs with. */
    public Credential own() {
        return own;
    }

    /** For a client: the common name is its user name, the organizations are its groups. */
    public Credential issueClient(String commonName, List<String> organizations, Instant now)
            throws GeneralSecurityException {
        return issue(newKeys(), commonName, organizations, List.of(), now, KeyPurposeId.id_kp_clientAuth);
    }

    /**
     * For a person, who may use any client: with an RSA key, as kubeadm makes it, because there are clients that read no
     * other without further libraries.
     */
    public Credential issuePersonal(String commonName, List<String> organizations, Instant now)
            throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair keys = generator.generateKeyPair();
        return issue(keys, commonName, organizations, List.of(), now, KeyPurposeId.id_kp_clientAuth);
    }

    /** For a server that is reached by these host names and addresses. */
    public Credential issueServing(String commonName, List<String> organizations, Collection<String> names, Instant now)
            throws GeneralSecurityException {
        return issue(newKeys(), commonName, organizations, names, now, KeyPurposeId.id_kp_serverAuth);
    }

    private Credential issue(
            KeyPair keys,
            String commonName,
            List<String> organizations,
            Collection<String> names,
            Instant now,
            KeyPurposeId purpose)
            throws GeneralSecurityException {
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer(),
                serial(),
                date(now.minus(SKEW)),
                date(now.plus(LEAF_LIFE)),
                distinguishedName(commonName, organizations),
                keys.getPublic());
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
            builder.addExtension(Extension.authorityKeyIdentifier, false, ownIdentifier());
            if (!names.isEmpty()) {
                GeneralName[] subjects =
                        names.stream().map(CertificateAuthority::generalName).toArray(GeneralName[]::new);
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(subjects));
            }
            return new Credential(sign(builder, own.key()), keys.getPrivate());
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /**
     * Signs what was asked for: the subject, other names and key of a request. Whether they may be had is not judged here.
     *
     * @param begins where the certificate's life begins
     * @param ends where it ends, or with the authority's own certificate if that is earlier
     * @throws GeneralSecurityException when it would have ended before {@code now}, or can't be signed
     */
    public X509Certificate sign(
            CertificateRequest request, Set<Usage> usages, Instant now, Instant begins, Instant ends)
            throws GeneralSecurityException {
        Instant last = own.certificate().getNotAfter().toInstant();
        Instant end = ends.isBefore(last) ? ends : last;
        if (!now.isBefore(end)) {
            throw new GeneralSecurityException(
                    "refusing to sign a certificate that expired in the past: NotAfter " + end + " is before " + now);
        }
        int bits = 0;
        Set<KeyPurposeId> purposes = new LinkedHashSet<>();
        for (Usage usage : usages) {
            bits |= usage.bit();
            usage.purpose().ifPresent(purposes::add);
        }
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer(),
                serial(),
                date(begins),
                date(end),
                request.pkcs10().getSubject(),
                new JcaPKCS10CertificationRequest(request.pkcs10()).getPublicKey());
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            if (bits != 0) {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(bits));
            }
            if (!purposes.isEmpty()) {
                builder.addExtension(
                        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes.toArray(KeyPurposeId[]::new)));
            }
            builder.addExtension(Extension.authorityKeyIdentifier, false, ownIdentifier());
            @Nullable GeneralNames names = request.alternativeNames();
            if (names != null) {
                builder.addExtension(Extension.subjectAlternativeName, false, names);
            }
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        return sign(builder, own.key());
    }

    private X500Name issuer() {
        return X500Name.getInstance(own.certificate().getSubjectX500Principal().getEncoded());
    }

    private AuthorityKeyIdentifier ownIdentifier() throws GeneralSecurityException {
        return new JcaX509ExtensionUtils()
                .createAuthorityKeyIdentifier(own.certificate().getPublicKey());
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey signer)
            throws GeneralSecurityException {
        String algorithm = "SHA256with" + (signer.getAlgorithm().equals("EC") ? "ECDSA" : signer.getAlgorithm());
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(signer)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static GeneralName generalName(String name) {
        return new GeneralName(isAddress(name) ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    static boolean isAddress(String name) {
        try {
            InetAddress.ofLiteral(name);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** An address in one spelling, so that {@code ::1} equals {@code 0:0:0:0:0:0:0:1}; a host name as it is. */
    public static String canonical(String name) {
        try {
            return isAddress(name) ? InetAddress.getByName(name).getHostAddress() : name;
        } catch (UnknownHostException e) {
            throw new IllegalStateException("a literal address needs no lookup", e);
        }
    }

    private static X500Name distinguishedName(String commonName, List<String> organizations) {
        X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
        for (String organization : organizations) {
            builder.addRDN(BCStyle.O, organization);
        }
        builder.addRDN(BCStyle.CN, commonName);
        return builder.build();
    }

    private static KeyPair newKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static BigInteger serial() {
        return new BigInteger(127, RANDOM).add(BigInteger.ONE);
    }

    @SuppressWarnings("JavaUtilDate") // the certificate builder takes nothing else
    private static Date date(Instant instant) {
        return Date.from(instant);
    }
}
