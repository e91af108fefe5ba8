package io.moonglass.server.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerTlsTest {

    @TempDir private Path folder;

    /// What is logged while something is done, warnings alone.
    private static List<String> warnings(Runnable work) {
        List<String> messages = new ArrayList<>();
        Logger logger = Logger.getLogger(ServerTls.class.getName());
        Handler keeper =
                new Handler() {
                    @Override
                    public void publish(LogRecord line) {
                        if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                            messages.add(line.getMessage());
                        }
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        logger.addHandler(keeper);
        try {
            work.run();
        } finally {
            logger.removeHandler(keeper);
        }
        return messages;
    }

    @Test
    void a_pair_that_does_not_belong_together_is_refused_and_what_was_there_stays()
            throws Exception {
        TestCertificate first = TestCertificate.make(folder, "first", "EC", 90);
        TestCertificate second = TestCertificate.make(folder, "second", "EC", 200);
        TlsFiles files = first.install(folder);
        ServerTls tls = ServerTls.open(files);
        Instant before = tls.certificateExpiry();

        TestCertificate.replace(files.key(), second.keyPem());
        List<String> told = warnings(tls::refresh);
        List<String> toldAgain = warnings(tls::refresh);
        Instant meanwhile = tls.certificateExpiry();
        TestCertificate.replace(files.certificate(), second.certificatePem());
        tls.refresh();

        assertTrue(told.getFirst().contains("from before stays"), told.toString());
        assertEquals(List.of(), toldAgain);
        assertEquals(before, meanwhile);
        assertNotEquals(before, tls.certificateExpiry());
    }

    @Test
    void a_certificate_that_runs_out_within_two_weeks_is_warned_of_once() throws Exception {
        TestCertificate soon = TestCertificate.make(folder, "soon", "EC", 10);
        TlsFiles files = soon.install(folder);
        Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-------"));
        List<ServerTls> opened = new ArrayList<>();

        List<String> told = warnings(() -> opened.add(ServerTls.open(files)));

        assertTrue(told.getFirst().contains("runs out at"), told.toString());
        assertEquals(List.of(), warnings(opened.getFirst()::refresh));
    }

    @Test
    void a_key_that_everybody_may_read_is_warned_of() throws Exception {
        TlsFiles files = TestCertificate.make(folder, "server", "EC", 90).install(folder);
        Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r--r--"));

        List<String> told = warnings(() -> ServerTls.open(files));

        assertTrue(told.getFirst().contains("chmod o-r"), told.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "genrsa -traditional -out KEY 2048",
                "genrsa -out KEY 2048",
                "ecparam -name prime256v1 -genkey -noout -out KEY",
                "ecparam -name secp384r1 -genkey -out KEY",
                "genpkey -algorithm ed25519 -out KEY",
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass file:PASSWORD -out KEY",
                "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes-128-cbc -pass file:PASSWORD -out KEY"
            })
    void keys_are_read_in_each_of_the_usual_forms(String command) throws Exception {
        Path password = Files.writeString(folder.resolve("password"), "correct horse\n");
        Path key = folder.resolve("key.pem");
        Path certificate = folder.resolve("certificate.pem");
        openssl(command, key, password);
        openssl(
                "req -x509 -new -key KEY -passin file:PASSWORD -subj /CN=server -days 90 -out "
                        + certificate,
                key,
                password);

        ServerTls tls = ServerTls.open(new TlsFiles(certificate, key).withKeyPassword(password));

        assertTrue(tls.certificateExpiry().isAfter(Instant.now()));
    }

    private static void openssl(String arguments, Path key, Path password) throws Exception {
        List<String> command =
                Stream.of(
                                ("openssl "
                                                + arguments
                                                        .replace("KEY", key.toString())
                                                        .replace("PASSWORD", password.toString()))
                                        .split(" "))
                        .toList();
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            Assumptions.assumeTrue("true".equals(System.getenv("CI")), "there is no openssl here");
            throw e;
        }
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
    }

    @Test
    void what_is_wrong_with_a_file_is_told_without_what_is_in_it() throws Exception {
        TestCertificate own = TestCertificate.make(folder, "server", "EC", 90);
        TlsFiles good = own.install(folder);
        Path broken =
                Files.writeString(
                        folder.resolve("broken"),
                        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");

        assertTrue(
                fault(new TlsFiles(good.certificate(), folder.resolve("missing")))
                        .contains("missing: cannot be read"));
        assertTrue(
                fault(new TlsFiles(good.key(), good.key()))
                        .contains("there is no certificate in it"));
        assertTrue(
                fault(new TlsFiles(good.certificate(), good.certificate()))
                        .contains("there is no private key in it"));
        String told = fault(new TlsFiles(good.certificate(), broken));
        assertTrue(told.contains("the private key cannot be read"), told);
        assertFalse(told.contains("c2VjcmV0") || told.contains("secret"), told);
        assertEquals(Optional.empty(), good.keyPassword());
    }

    private static String fault(TlsFiles files) {
        return assertThrows(ConfigException.class, () -> ServerTls.open(files)).getMessage();
    }
}
