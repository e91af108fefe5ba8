package io.moonglass.server.command;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.loader.fault.ConfigException;
import java.net.URI;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// Who answers: a checkpoint, a running server, or the demo model where neither is named.
final class Answerer {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Answer in this process, from a checkpoint in Hugging Face layout (default: the demo model).")
    private Path directory;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Ask a running server, such as http://127.0.0.1:8080.")
    private URI url;

    boolean isServer() {
        return url != null;
    }

    /// The checkpoint's folder.
    Path directory() {
        return directory == null ? DemoModel.directory() : directory;
    }

    /// A client of the running server.
    MoonglassClient client() {
        try {
            return MoonglassClient.of(url);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--url: " + e.getMessage(), e);
        }
    }
}
