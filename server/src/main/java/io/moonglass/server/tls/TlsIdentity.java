package io.moonglass.server.tls;

import io.moonglass.loader.fault.ConfigException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/// What the server shows of itself and asks of clients, as its files were when they were read.
///
/// @param expiry when the first certificate of the chain runs out
record TlsIdentity(SSLContext context, X509Certificate certificate, Instant expiry) {

    private static final char[] NO_PASSWORD = {};

    /// @throws ConfigException if a file cannot be read, or key and certificate do not belong together
    static TlsIdentity read(TlsFiles files) {
        List<X509Certificate> chain = certificates(files.certificate());
        PrivateKey key = PrivateKeyFile.read(files.key(), files.keyPassword());
        refuseOtherKey(files, key, chain.getFirst());
        try {
            KeyStore store = emptyStore();
            store.setKeyEntry("server", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory keys =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trusted(files), null);
            Instant expiry =
                    chain.stream()
                            .map(some -> some.getNotAfter().toInstant())
                            .min(Instant::compareTo)
                            .orElseThrow();
            return new TlsIdentity(context, chain.getFirst(), expiry);
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigException(
                    "%s and %s: TLS cannot be spoken with them (%s)"
                            .formatted(files.certificate(), files.key(), e.getMessage()),
                    e);
        }
    }

    /// Null, which is the JDK's own, where clients need to show nothing: it is not asked then.
    private static TrustManager[] trusted(TlsFiles files)
            throws GeneralSecurityException, IOException {
        if (files.clientCas().isEmpty()) {
            return null;
        }
        KeyStore store = emptyStore();
        for (X509Certificate authority : certificates(files.clientCas().get())) {
            store.setCertificateEntry("authority-" + store.size(), authority);
        }
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static List<X509Certificate> certificates(Path file) {
        List<X509Certificate> certificates = new ArrayList<>();
        for (PemFile.Block block : PemFile.read(file).blocks()) {
            if (block.label().equals("CERTIFICATE")) {
                try {
                    certificates.add(
                            (X509Certificate)
                                    CertificateFactory.getInstance("X.509")
                                            .generateCertificate(
                                                    new ByteArrayInputStream(block.der())));
                } catch (CertificateException e) {
                    throw new ConfigException(
                            "%s: certificate %d in it is none"
                                    .formatted(file, certificates.size() + 1),
                            e);
                }
            }
        }
        if (certificates.isEmpty()) {
            throw new ConfigException(
                    "%s: there is no certificate in it; want -----BEGIN CERTIFICATE-----"
                            .formatted(file));
        }
        return certificates;
    }

    /// A signature tells whether they belong together, whatever the algorithm. This is also what finds the moment in
    /// which one of two files has been replaced and the other not yet.
    private static void refuseOtherKey(
            TlsFiles files, PrivateKey key, X509Certificate certificate) {
        byte[] text = {1, 2, 3};
        try {
            Signature signer = signature(key);
            signer.initSign(key);
            signer.update(text);
            byte[] signed = signer.sign();
            Signature verifier = signature(key);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(text);
            if (verifier.verify(signed)) {
                return;
            }
        } catch (GeneralSecurityException e) {
            // of another algorithm or size: no pair either
        }
        throw new ConfigException(
                "%s: is not the key of the first certificate of %s; want a pair"
                        .formatted(files.key(), files.certificate()));
    }

    private static Signature signature(PrivateKey key) throws GeneralSecurityException {
        if (key.getAlgorithm().equals("RSASSA-PSS")) {
            Signature signature = Signature.getInstance("RSASSA-PSS");
            signature.setParameter(
                    ((RSAKey) key).getParams() instanceof PSSParameterSpec own
                            ? own
                            : PSSParameterSpec.DEFAULT);
            return signature;
        }
        return Signature.getInstance(
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                });
    }
}
