package io.moonglass.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EffectiveConfigurationTest {

    @TempDir private Path folder;

    @Test
    void every_setting_is_there_with_its_source() throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(file, "models:\n  model: ['a: b', /c]\n");

        assertEquals(
                """
                server:
                  port: 9 # flag --port
                  body-timeout: 90s # variable MOONGLASS_SERVER_BODY_TIMEOUT
                models:
                  model: # file %s:2
                    - "a: b"
                    - /c
                media:
                  offline: false # default
                  max-image-bytes: 20MiB # default
                  # folder: # default: none
                otlp:
                  # endpoint: # default: none
                """
                        .formatted(file),
                new EffectiveConfiguration(
                                settings(
                                        Map.of("--port", List.of("9")),
                                        Map.of("MOONGLASS_SERVER_BODY_TIMEOUT", "90s"),
                                        file))
                        .yaml());
    }

    @Test
    void what_is_printed_can_be_read_again() throws IOException {
        Path file = folder.resolve("application.yaml");
        Map<String, List<String>> flags =
                Map.of(
                        "--model", List.of("a: b", "- c", "# d", "null", "'e'", "\"f\"", "*g", "é"),
                        "--media-folder", List.of("/x y"),
                        "--offline", List.of("true"));
        Files.writeString(
                file,
                new EffectiveConfiguration(settings(flags, Map.of(), Path.of("/dev/null"))).yaml());

        Settings again = settings(Map.of(), Map.of(), file);

        assertEquals(flags.get("--model"), again.withFlag("--model").orElseThrow().values());
        assertEquals(
                flags.get("--media-folder"),
                again.withFlag("--media-folder").orElseThrow().values());
        assertEquals(flags.get("--offline"), again.withFlag("--offline").orElseThrow().values());
    }

    @Test
    void a_password_in_an_address_is_not_shown() {
        String yaml =
                new EffectiveConfiguration(
                                settings(
                                        Map.of(
                                                "--otlp-endpoint",
                                                List.of("https://me:secret@host/a@b")),
                                        Map.of(),
                                        Path.of("/dev/null")))
                        .yaml();

        assertEquals(
                "  endpoint: \"https://***@host/a@b\" # flag --otlp-endpoint",
                yaml.lines().toList().getLast());
    }

    @Test
    void programs_get_json() throws IOException {
        var json =
                new ObjectMapper()
                        .readTree(
                                new EffectiveConfiguration(
                                                settings(
                                                        Map.of("--offline", List.of("true")),
                                                        Map.of("MOONGLASS_MODELS_MODEL", "a,b"),
                                                        Path.of("/dev/null")))
                                        .json());

        assertEquals(
                "{\"value\":[\"a\",\"b\"],\"source\":\"variable\",\"variable\":\"MOONGLASS_MODELS_MODEL\"}",
                json.at("/models/model").toString());
        assertEquals(
                "{\"value\":true,\"source\":\"flag\",\"flag\":\"--offline\"}",
                json.at("/media/offline").toString());
        assertEquals("{\"value\":8080,\"source\":\"default\"}", json.at("/server/port").toString());
        assertEquals(
                "{\"value\":null,\"source\":\"default\"}", json.at("/media/folder").toString());
    }

    private static Settings settings(
            Map<String, List<String>> flags, Map<String, String> environment, Path file) {
        return Settings.resolve(
                SmallCatalogue.SMALL, flags, Optional.of(file), environment, Path.of("/nowhere"));
    }
}
