package io.mokube.client.rest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS from PEM texts: whom to trust and who one is. */
final class TlsContext {

    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END ");

    /** Version 0 and the algorithm {@code rsaEncryption}, which PKCS#8 writes before the key itself. */
    private static final byte[] RSA_PREFIX = {
        2, 1, 0, 0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
    };

    /** The object identifier {@code id-ecPublicKey}. */
    private static final byte[] EC_ALGORITHM = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int CURVE = 0xa0;

    private TlsContext() {}

    static SSLContext of(ClientConfig config) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    keys(config.certificatePem(), config.keyPem()),
                    config.caPem() == null ? null : trust(config.caPem()),
                    null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "the credentials for " + config.server() + " can't be used: " + e.getMessage(), e);
        }
    }

    private static TrustManager[] trust(String caPem) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        int count = 0;
        for (Certificate certificate : certificates(caPem)) {
            store.setCertificateEntry("ca-" + count++, certificate);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keys(@Nullable String certificatePem, @Nullable String keyPem)
            throws GeneralSecurityException, IOException {
        if (certificatePem == null || keyPem == null) {
            return null;
        }
        KeyStore store = emptyStore();
        Certificate[] chain = certificates(certificatePem).toArray(Certificate[]::new);
        char[] password = new char[0];
        store.setKeyEntry("client", privateKey(keyPem), password, chain);
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, password);
        return factory.getKeyManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(String pem) throws GeneralSecurityException {
        byte[] bytes = pem.getBytes(StandardCharsets.UTF_8);
        return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes));
    }

    static PrivateKey privateKey(String pem) throws GeneralSecurityException {
        Matcher matcher = KEY.matcher(pem);
        if (!matcher.find()) {
            throw new InvalidKeySpecException("no private key in PEM form");
        }
        byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
        byte[] pkcs8 =
                switch (matcher.group(1)) {
                    case "RSA PRIVATE KEY" -> element(SEQUENCE, RSA_PREFIX, element(OCTETS, der));
                    case "EC PRIVATE KEY" ->
                        element(
                                SEQUENCE,
                                new byte[] {2, 1, 0},
                                element(SEQUENCE, EC_ALGORITHM, curve(der)),
                                element(OCTETS, der));
                    default -> der;
                };
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                // It is a key of another algorithm.
            }
        }
        throw new InvalidKeySpecException("the private key is neither EC nor RSA nor EdDSA");
    }

    /** The curve's identifier, which SEC 1 writes inside the key and PKCS#8 before it. */
    private static byte[] curve(byte[] sec1) throws InvalidKeySpecException {
        ByteBuffer fields = content(ByteBuffer.wrap(sec1));
        while (fields.hasRemaining()) {
            int tag = Byte.toUnsignedInt(fields.get(fields.position()));
            ByteBuffer field = content(fields);
            if (tag == CURVE) {
                byte[] identifier = new byte[field.remaining()];
                field.get(identifier);
                return identifier;
            }
        }
        throw new InvalidKeySpecException("the EC key does not name its curve");
    }

    /** The content of the element at the buffer's position, which then stands behind it. */
    private static ByteBuffer content(ByteBuffer buffer) {
        buffer.get();
        int length = Byte.toUnsignedInt(buffer.get());
        if (length >= 0x80) {
            int count = length & 0x7f;
            length = 0;
            for (int i = 0; i < count; i++) {
                length = length << 8 | Byte.toUnsignedInt(buffer.get());
            }
        }
        ByteBuffer content = buffer.slice(buffer.position(), length);
        buffer.position(buffer.position() + length);
        return content;
    }

    private static byte[] element(int tag, byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        bytes.write(tag);
        if (length < 0x80) {
            bytes.write(length);
        } else if (length < 0x100) {
            bytes.write(0x81);
            bytes.write(length);
        } else {
            bytes.write(0x82);
            bytes.write(length >> 8);
            bytes.write(length);
        }
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}
