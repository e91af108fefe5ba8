package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.tls.TlsFiles;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of `serve` that have it speak TLS.
final class TlsOptions implements SettingsSection {

    @Option(
            names = "--tls-certificate-file",
            paramLabel = "PEM",
            description = {
                "Speak TLS with this certificate, and those behind it that vouch for it;",
                "new ones are taken over while the server runs (default: none, and plain HTTP)."
            })
    private Optional<Path> certificate = Optional.empty();

    @Option(
            names = "--tls-key-file",
            paramLabel = "PEM",
            description = "The certificate's private key: PKCS#8, PKCS#1 or SEC 1 (default: none).")
    private Optional<Path> key = Optional.empty();

    @Option(
            names = "--tls-key-password-file",
            paramLabel = "FILE",
            description =
                    "A file whose first line is the password of the private key (default: it has none).")
    private Optional<Path> keyPassword = Optional.empty();

    @Option(
            names = "--tls-client-ca-file",
            paramLabel = "PEM",
            description =
                    "Talk only with clients that show a certificate which one of these vouches for (default: with all).")
    private Optional<Path> clientCas = Optional.empty();

    @Override
    public String section() {
        return "tls";
    }

    @Override
    public void check() {
        in(ServerOptions.DEFAULT);
    }

    /// These options with what was asked for here.
    ///
    /// @throws ConfigException if only a part was
    ServerOptions in(ServerOptions options) {
        if (certificate.isEmpty() && key.isEmpty()) {
            if (keyPassword.isPresent() || clientCas.isPresent()) {
                throw new ConfigException(
                        "--tls-key-password-file and --tls-client-ca-file want --tls-certificate-file and"
                                + " --tls-key-file beside them");
            }
            return options;
        }
        if (certificate.isEmpty() || key.isEmpty()) {
            throw new ConfigException(
                    "--tls-certificate-file and --tls-key-file want each other; give both, or none for plain HTTP");
        }
        return options.withTls(new TlsFiles(certificate.get(), key.get(), keyPassword, clientCas));
    }
}
