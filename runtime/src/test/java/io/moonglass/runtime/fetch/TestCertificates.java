package io.moonglass.runtime.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Certificates of an authority that only the tests know, made by the JDK's keytool.
final class TestCertificates {

    private static final String PASSWORD = "not-secret";
    private static final String AUTHORITY = "authority";

    private final Path folder;
    private final Path file;

    TestCertificates(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        file = folder.resolve("keys.p12");
        generate(AUTHORITY, "-ext", "bc:c=ca:true");
        generateLeaf("good", "DNS:media.example,IP:127.0.0.1", "-signer", AUTHORITY);
        generateLeaf("other-host", "DNS:other.example", "-signer", AUTHORITY);
        generateLeaf("self-signed", "DNS:media.example");
        generateLeaf(
                "expired",
                "DNS:media.example",
                "-signer",
                AUTHORITY,
                "-startdate",
                "-10d",
                "-validity",
                "5");
    }

    private void generateLeaf(String alias, String names, String... more)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("-ext", "san=" + names));
        arguments.addAll(List.of(more));
        generate(alias, arguments.toArray(String[]::new));
    }

    private void generate(String alias, String... more) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-keyalg",
                                "EC",
                                "-alias",
                                alias,
                                "-dname",
                                "CN=" + alias,
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD));
        command.addAll(List.of(more));
        Path output = folder.resolve("keytool.txt");
        Process keytool =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        if (keytool.waitFor() != 0) {
            throw new IOException("keytool: " + Files.readString(output));
        }
    }

    /// A server that shows this certificate.
    SSLContext server(String alias) throws IOException, GeneralSecurityException {
        KeyStore all = all();
        Key key = all.getKey(alias, PASSWORD.toCharArray());
        Certificate[] chain = all.getCertificateChain(alias);
        KeyStore one = empty();
        one.setKeyEntry(alias, key, PASSWORD.toCharArray(), chain);
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(one, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    /// A client that trusts the authority alone.
    SSLContext client() throws IOException, GeneralSecurityException {
        KeyStore trusted = empty();
        trusted.setCertificateEntry(AUTHORITY, all().getCertificate(AUTHORITY));
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private KeyStore all() throws IOException, GeneralSecurityException {
        KeyStore all = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            all.load(in, PASSWORD.toCharArray());
        }
        return all;
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
