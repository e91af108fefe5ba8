package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The chart's rules, as Prometheus' own tool reads and runs them.
class PrometheusRulesTest {

    private static final String PACKAGE = "on Debian in the package prometheus";

    private static final String ALL_RULES =
            """
            prometheusRule:
              enabled: true
              alertLabels: {team: vision}
              runbookUrl: https://example.com/runbooks.md
            """;

    @TempDir private Path folder;

    @Test
    void prometheus_takes_the_rules() throws Exception {
        Program promtool = Program.orSkip("promtool", PACKAGE);
        writeRules();

        Program.Outcome outcome =
                promtool.run(folder, "check", "rules", "--lint-fatal", "rules.yaml");

        assertEquals(0, outcome.exitCode(), outcome::output);
    }

    @Test
    void every_alert_fires_and_clears() throws Exception {
        Program promtool = Program.orSkip("promtool", PACKAGE);
        writeRules();
        Path tests = Path.of("src/test/resources/prometheus/rules-test.yaml");
        Files.copy(tests, folder.resolve("test.yaml"), StandardCopyOption.REPLACE_EXISTING);

        Program.Outcome outcome = promtool.run(folder, "test", "rules", "test.yaml");

        assertEquals(0, outcome.exitCode(), outcome::output);
        String text = Files.readString(tests);
        for (JsonNode alert : alerts()) {
            String name = alert.path("alert").asText();
            assertTrue(
                    text.contains("alertname=\"%s\",alertstate=\"firing\"".formatted(name)),
                    () -> name + " is not tested");
        }
    }

    @Test
    void every_alert_says_how_bad_it_is_and_what_to_do() throws IOException {
        String runbooks = Files.readString(Path.of("../docs/runbooks.md"));
        List<String> headings =
                runbooks.lines()
                        .filter(line -> line.startsWith("## "))
                        .map(line -> line.substring(3).strip())
                        .toList();
        List<String> names = new ArrayList<>();

        for (JsonNode alert : alerts()) {
            String name = alert.path("alert").asText();
            names.add(name);
            assertTrue(
                    List.of("critical", "warning", "info")
                            .contains(alert.at("/labels/severity").asText()),
                    name);
            assertFalse(alert.at("/annotations/summary").asText().isBlank(), name);
            assertFalse(alert.at("/annotations/description").asText().isBlank(), name);
            assertEquals(
                    "https://example.com/runbooks.md#" + name.toLowerCase(java.util.Locale.ROOT),
                    alert.at("/annotations/runbook_url").asText());
        }
        assertEquals(names.stream().sorted().toList(), headings.stream().sorted().toList());
    }

    @Test
    void an_alert_that_is_not_wanted_is_left_out() throws IOException {
        Rendering rendering = Chart.withTests().render(Chart.example("monitored"));

        assertFalse(rendering.only("PrometheusRule").toString().contains("MoonglassExpertsUneven"));
    }

    private void writeRules() throws IOException {
        JsonNode groups =
                Chart.YAML.createObjectNode().set("groups", rules().at("/spec/groups").deepCopy());
        Chart.YAML.writeValue(folder.resolve("rules.yaml").toFile(), groups);
    }

    private static JsonNode rules() throws IOException {
        return Chart.withTests().renderText(ALL_RULES).only("PrometheusRule");
    }

    private static List<JsonNode> alerts() throws IOException {
        List<JsonNode> all = new ArrayList<>();
        for (JsonNode group : rules().at("/spec/groups")) {
            for (JsonNode rule : group.path("rules")) {
                if (rule.has("alert")) {
                    all.add(rule);
                }
            }
        }
        return all;
    }
}
