package io.mokube.kubelet.server;

import io.mokube.kubelet.KubeletConfig;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** The node server's certificate, and whose clients it lets in. */
final class ServerTls {

    private static final char[] NO_PASSWORD = new char[0];
    private static final Duration VALIDITY = Duration.ofDays(365);

    private ServerTls() {}

    /**
     * A context with the configured certificate, or one signed by its own key.
     *
     * @param clientCaPem whose certificates clients must have
     * @throws ComponentException when a certificate or key can't be read
     */
    static SSLContext context(KubeletConfig config, Optional<String> clientCaPem, Clock clock) {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            Optional<String> certificate = config.server().certificatePem();
            Optional<String> key = config.server().keyPem();
            if (certificate.isPresent() && key.isPresent()) {
                keys.setKeyEntry("server", privateKey(key.get()), NO_PASSWORD, chain(certificate.get()));
            } else {
                selfSigned(keys, config, clock.instant());
            }
            KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(keys, NO_PASSWORD);
            KeyStore authorities = KeyStore.getInstance("PKCS12");
            authorities.load(null, null);
            if (clientCaPem.isPresent()) {
                int number = 0;
                for (Certificate authority : chain(clientCaPem.get())) {
                    authorities.setCertificateEntry("ca-" + number++, authority);
                }
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(authorities);
            SSLContext context = SSLContext.getInstance("TLS");
            // Without authorities the trust managers refuse every client certificate, which is what is wanted.
            context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new ComponentException("the node server's certificate can't be used: " + e.getMessage(), e);
        }
    }

    private static Certificate[] chain(String pem) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))
                .toArray(Certificate[]::new);
    }

    private static PrivateKey privateKey(String pem) throws IOException {
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PEMKeyPair pair) {
                    return converter.getKeyPair(pair).getPrivate();
                }
                if (object instanceof PrivateKeyInfo info) {
                    return converter.getPrivateKey(info);
                }
            }
        }
        throw new IOException("there is no private key in the PEM text");
    }

    private static void selfSigned(KeyStore keys, KubeletConfig config, Instant now)
            throws GeneralSecurityException, IOException, OperatorCreationException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        X500Name name = new X500Name("CN=" + config.nodeName());
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(64, new SecureRandom()),
                Date.from(now.minus(Duration.ofMinutes(5))),
                Date.from(now.plus(VALIDITY)),
                name,
                pair.getPublic());
        Stream<GeneralName> names = Stream.concat(
                Stream.of(new GeneralName(GeneralName.dNSName, config.nodeName())),
                config.addresses().stream().map(each -> new GeneralName(GeneralName.iPAddress, each)));
        builder.addExtension(
                Extension.subjectAlternativeName, false, new GeneralNames(names.toArray(GeneralName[]::new)));
        Certificate certificate = new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
        keys.setKeyEntry("server", pair.getPrivate(), NO_PASSWORD, new Certificate[] {certificate});
    }
}
