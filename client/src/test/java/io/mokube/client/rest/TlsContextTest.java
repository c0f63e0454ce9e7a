package io.mokube.client.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsContextTest {

    @ParameterizedTest
    @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
    void readsEcKeys(String curve) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(curve));
        PrivateKey key = generator.generateKeyPair().getPrivate();
        assertThat(TlsContext.privateKey(pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
    }

    @Test
    void readsRsaKeysInBothForms() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        byte[] pkcs8 = pair.getPrivate().getEncoded();
        assertThat(TlsContext.privateKey(pem("PRIVATE KEY", pkcs8))).isEqualTo(pair.getPrivate());
        // PKCS#8 wraps the older form: a sequence's head (4 bytes), the version (3), the algorithm (15) and the head of
        // an octet string (4).
        byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length);
        assertThat(TlsContext.privateKey(pem("RSA PRIVATE KEY", pkcs1))).isEqualTo(pair.getPrivate());
    }

    /** The form openssl writes: version, the number itself, and the curve's name P-256. */
    @Test
    void readsOlderEcKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        ECPrivateKey key = (ECPrivateKey) generator.generateKeyPair().getPrivate();
        ByteBuffer sec1 = ByteBuffer.allocate(51);
        sec1.put(HexFormat.of().parseHex("3031" + "020101" + "0420"));
        sec1.put(HexFormat.of().parseHex("%064x".formatted(key.getS())));
        sec1.put(HexFormat.of().parseHex("a00a" + "06082a8648ce3d030107"));
        assertThat(TlsContext.privateKey(pem("EC PRIVATE KEY", sec1.array())))
                .isInstanceOfSatisfying(ECPrivateKey.class, read -> {
                    assertThat(read.getS()).isEqualTo(key.getS());
                    assertThat(read.getParams().getCurve())
                            .isEqualTo(key.getParams().getCurve());
                });
    }

    @Test
    void saysWhatIsWrongWithAKey() {
        assertThatThrownBy(() -> TlsContext.privateKey("hello"))
                .isInstanceOf(GeneralSecurityException.class)
                .hasMessage("no private key in PEM form");
        assertThatThrownBy(() -> TlsContext.privateKey(pem("PRIVATE KEY", new byte[] {1, 2, 3})))
                .isInstanceOf(GeneralSecurityException.class)
                .hasMessage("the private key is neither EC nor RSA nor EdDSA");
    }

    private static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }
}
