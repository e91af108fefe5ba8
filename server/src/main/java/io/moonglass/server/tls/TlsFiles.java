package io.moonglass.server.tls;

import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// Where the server's certificate and key are, in PEM.
///
/// @param certificate  the server's own first, then those that vouch for it
/// @param key          PKCS#8, PKCS#1 or SEC 1
/// @param keyPassword  a file whose first line is the password of the key; empty where it has none
/// @param clientCas    certificates of which a client must show one that they vouch for; empty to ask for none
public record TlsFiles(
        Path certificate, Path key, Optional<Path> keyPassword, Optional<Path> clientCas) {

    public TlsFiles(Path certificate, Path key) {
        this(certificate, key, Optional.empty(), Optional.empty());
    }

    public TlsFiles withKeyPassword(Path file) {
        return new TlsFiles(certificate, key, Optional.of(file), clientCas);
    }

    public TlsFiles withClientCas(Path file) {
        return new TlsFiles(certificate, key, keyPassword, Optional.of(file));
    }

    /// All of them.
    Path[] paths() {
        return Stream.of(Stream.of(certificate, key), keyPassword.stream(), clientCas.stream())
                .flatMap(some -> some)
                .toArray(Path[]::new);
    }
}
