package io.mokube.pki;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.jspecify.annotations.Nullable;

/** Somebody's request for a certificate, in PKCS #10: a subject, other names, and the key that signed it. */
public final class CertificateRequest {

    private final PKCS10CertificationRequest request;

    private CertificateRequest(PKCS10CertificationRequest request) {
        this.request = request;
    }

    /**
     * Reads a request in PEM form.
     *
     * @throws GeneralSecurityException when it is none; the message is Kubernetes'
     */
    public static CertificateRequest parse(byte[] pem) throws GeneralSecurityException {
        try (PEMParser parser = new PEMParser(new StringReader(new String(pem, StandardCharsets.US_ASCII)))) {
            if (parser.readObject() instanceof PKCS10CertificationRequest request) {
                return new CertificateRequest(request);
            }
            throw new GeneralSecurityException("PEM block type must be CERTIFICATE REQUEST");
        } catch (IOException | IllegalArgumentException e) {
            throw new GeneralSecurityException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Whether who made the request has the key that it names. */
    public boolean isSignedByItsKey() throws GeneralSecurityException {
        try {
            return request.isSignatureValid(
                    new JcaContentVerifierProviderBuilder().build(request.getSubjectPublicKeyInfo()));
        } catch (OperatorCreationException | PKCSException e) {
            throw new GeneralSecurityException(String.valueOf(e.getMessage()), e);
        }
    }

    /** The subject's common name, {@code ""} when it has none. */
    public String commonName() {
        List<String> names = subject(BCStyle.CN);
        return names.isEmpty() ? "" : names.getLast();
    }

    public List<String> organizations() {
        return subject(BCStyle.O);
    }

    private List<String> subject(ASN1ObjectIdentifier part) {
        return Arrays.stream(request.getSubject().getRDNs(part))
                .map(RDN::getFirst)
                .map(each -> IETFUtils.valueToString(each.getValue()))
                .toList();
    }

    /** The host names that the certificate shall be good for. */
    public List<String> dnsNames() {
        return alternatives(GeneralName.dNSName);
    }

    public List<String> emailAddresses() {
        return alternatives(GeneralName.rfc822Name);
    }

    public List<String> uris() {
        return alternatives(GeneralName.uniformResourceIdentifier);
    }

    /** The IP addresses that the certificate shall be good for, each in the encoding of the request. */
    public List<String> ipAddresses() {
        return alternatives(GeneralName.iPAddress);
    }

    private List<String> alternatives(int kind) {
        @Nullable GeneralNames names = alternativeNames();
        return names == null
                ? List.of()
                : Arrays.stream(names.getNames())
                        .filter(each -> each.getTagNo() == kind)
                        .map(each -> each.getName().toString())
                        .toList();
    }

    @Nullable
    GeneralNames alternativeNames() {
        @Nullable Extensions extensions = request.getRequestedExtensions();
        return extensions == null ? null : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    }

    PKCS10CertificationRequest pkcs10() {
        return request;
    }
}
