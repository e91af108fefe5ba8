package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.selftest.CertificateTrust;
import io.moonglass.server.selftest.SelfTest;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass selftest`: whether a running server does what clients and a cluster want of it.
@Command(
        name = "selftest",
        description =
                "Check a running server: its health, its models, one question about a picture, its"
                        + " metrics. A line for each check.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:every check passed", "1:one did not", "2:an option cannot be used"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass selftest --url http://127.0.0.1:8080",
            "  moonglass selftest --url https://moonglass:8443 --ca-certificate-file ca.pem"
        })
final class SelftestCommand implements Callable<Integer> {

    private static final long MAX_SECONDS = 86_400;

    @Spec private CommandSpec spec;

    @Option(
            names = "--url",
            required = true,
            paramLabel = "URL",
            description = "The server, such as http://127.0.0.1:8080.")
    private URI url;

    @Option(
            names = "--operations-url",
            paramLabel = "URL",
            description =
                    "Its operations port, such as http://127.0.0.1:9090; checked too (default: none is).")
    private Optional<URI> operations = Optional.empty();

    @Option(
            names = "--api-key-file-plain",
            paramLabel = "FILE",
            description =
                    "A file that holds the key to send and nothing else (default: none is sent).")
    private Optional<Path> keyFile = Optional.empty();

    @Option(
            names = "--ca-certificate-file",
            paramLabel = "PEM",
            description = "Trust these authorities for https (default: the JDK's).")
    private Optional<Path> authorities = Optional.empty();

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "120",
            description =
                    "For the server to become ready, and for each answer (default: ${DEFAULT-VALUE}).")
    private double timeout;

    @Option(
            names = "--json",
            description =
                    "Print {\"passed\", \"checks\": [{\"name\", \"passed\", \"seen\"}]} at the end instead of lines.")
    private boolean json;

    /// The form of `--json`.
    private record Summary(boolean passed, List<SelfTest.Finding> checks) {}

    @Override
    public Integer call() throws InterruptedException {
        SelfTest.Settings settings =
                new SelfTest.Settings(
                        url,
                        operations,
                        keyFile.map(SelftestCommand::read),
                        authorities.map(CertificateTrust::of),
                        Seconds.of("--timeout", timeout, MAX_SECONDS));
        PrintWriter out = spec.commandLine().getOut();
        List<SelfTest.Finding> checks = new ArrayList<>();
        boolean passed = new SelfTest(settings, json ? checks::add : out::println).run();
        if (json) {
            PrintedJson.print(new Summary(passed, checks), out);
        }
        return passed ? 0 : 1;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new ConfigException(
                    "--api-key-file-plain %s: cannot be read; want a file that holds the key"
                            .formatted(file),
                    e);
        }
    }
}
