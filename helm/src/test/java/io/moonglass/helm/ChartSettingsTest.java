package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The settings that the chart writes are settings of the server, whose own check reads them.
class ChartSettingsTest {

    @TempDir private Path folder;

    @Test
    void the_server_takes_the_settings_of_all_examples() throws Exception {
        JsonNode all = Chart.YAML.createObjectNode();
        for (Path example : Chart.examples()) {
            all =
                    Chart.YAML
                            .readerForUpdating(all)
                            .readValue(Chart.withTests().render(example).settings());
        }
        Path file = folder.resolve("application.yaml");
        Chart.YAML.writeValue(file.toFile(), all);

        Program.Outcome outcome = check(file);

        assertEquals(0, outcome.exitCode(), outcome::output);
    }

    @Test
    void a_setting_that_the_server_does_not_have_is_found() throws Exception {
        Path file = folder.resolve("application.yaml");
        Files.writeString(file, "batching: {max-runing: 3}\n");

        Program.Outcome outcome = check(file);

        assertEquals(2, outcome.exitCode(), outcome::output);
        assertTrue(outcome.output().contains("max-running"), outcome::output);
    }

    private Program.Outcome check(Path file) throws Exception {
        Path log = folder.resolve("check.log");
        Process process =
                ServerProcess.start(folder, log, List.of("config", "--check", file.toString()));
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return new Program.Outcome(process.exitValue(), Files.readString(log));
    }
}
