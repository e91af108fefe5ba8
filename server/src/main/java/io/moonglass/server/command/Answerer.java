package io.moonglass.server.command;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.loader.fault.ConfigException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/// Who answers: a checkpoint, a running server, or the demo model where neither is named.
final class Answerer {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Answer in this process, from a checkpoint in Hugging Face layout, the ORG/NAME of one that was pulled, or a decoder in GGUF (default: the demo model).")
    private String directory;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description =
                    "Ask a running server, such as http://127.0.0.1:8080, with the key in"
                            + " MOONGLASS_API_KEY if there is one (default: none is asked).")
    private URI url;

    boolean isServer() {
        return url != null;
    }

    /// The checkpoint's folder.
    Path directory() {
        return directory == null ? DemoModel.directory() : ModelPath.of(directory);
    }

    /// A client of the running server.
    MoonglassClient client() {
        return client(System.getenv());
    }

    /// @param environment may hold the key: others on this machine can see what is on a command line
    MoonglassClient client(Map<String, String> environment) {
        try {
            MoonglassClient client = MoonglassClient.of(url);
            String key = environment.getOrDefault("MOONGLASS_API_KEY", "");
            return key.isBlank() ? client : client.withApiKey(key.strip());
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--url: " + e.getMessage(), e);
        }
    }
}
