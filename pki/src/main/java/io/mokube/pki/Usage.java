package io.mokube.pki;

import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/** What a certificate's key may be used for, with the words of Kubernetes' certificate signing requests. */
public enum Usage {
    SIGNING("signing", KeyUsage.digitalSignature),
    DIGITAL_SIGNATURE("digital signature", KeyUsage.digitalSignature),
    CONTENT_COMMITMENT("content commitment", KeyUsage.nonRepudiation),
    KEY_ENCIPHERMENT("key encipherment", KeyUsage.keyEncipherment),
    KEY_AGREEMENT("key agreement", KeyUsage.keyAgreement),
    DATA_ENCIPHERMENT("data encipherment", KeyUsage.dataEncipherment),
    CERT_SIGN("cert sign", KeyUsage.keyCertSign),
    CRL_SIGN("crl sign", KeyUsage.cRLSign),
    ENCIPHER_ONLY("encipher only", KeyUsage.encipherOnly),
    DECIPHER_ONLY("decipher only", KeyUsage.decipherOnly),
    ANY("any", KeyPurposeId.anyExtendedKeyUsage),
    SERVER_AUTH("server auth", KeyPurposeId.id_kp_serverAuth),
    CLIENT_AUTH("client auth", KeyPurposeId.id_kp_clientAuth),
    CODE_SIGNING("code signing", KeyPurposeId.id_kp_codeSigning),
    EMAIL_PROTECTION("email protection", KeyPurposeId.id_kp_emailProtection),
    SMIME("s/mime", KeyPurposeId.id_kp_emailProtection),
    IPSEC_END_SYSTEM("ipsec end system", KeyPurposeId.id_kp_ipsecEndSystem),
    IPSEC_TUNNEL("ipsec tunnel", KeyPurposeId.id_kp_ipsecTunnel),
    IPSEC_USER("ipsec user", KeyPurposeId.id_kp_ipsecUser),
    TIMESTAMPING("timestamping", KeyPurposeId.id_kp_timeStamping),
    OCSP_SIGNING("ocsp signing", KeyPurposeId.id_kp_OCSPSigning),
    MICROSOFT_SGC("microsoft sgc", KeyPurposeId.id_kp_msSGC),
    NETSCAPE_SGC("netscape sgc", KeyPurposeId.id_kp_nsSGC);

    private final String word;
    private final int bit;

    /** The OID of an extended usage, {@code ""} for a basic one. */
    private final String purpose;

    Usage(String word, int bit) {
        this.word = word;
        this.bit = bit;
        this.purpose = "";
    }

    Usage(String word, KeyPurposeId purpose) {
        this.word = word;
        this.bit = 0;
        this.purpose = purpose.getId();
    }

    /** The usage of that word, nothing when there is none. */
    public static Optional<Usage> of(String word) {
        return Arrays.stream(values()).filter(each -> each.word.equals(word)).findFirst();
    }

    /** The word for it in requests. */
    public String word() {
        return word;
    }

    /** The bit among the basic usages, 0 for an extended one. */
    int bit() {
        return bit;
    }

    Optional<KeyPurposeId> purpose() {
        return purpose.isEmpty()
                ? Optional.empty()
                : Optional.of(KeyPurposeId.getInstance(new ASN1ObjectIdentifier(purpose)));
    }
}
