package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Dashboards that Grafana can show as they are.
class DashboardTest {

    @Test
    void there_are_two_and_each_is_installed_under_a_name_of_its_own() throws IOException {
        Rendering rendering = Chart.withTests().render(Chart.example("monitored"));
        Set<String> titles = new HashSet<>();
        Set<String> uids = new HashSet<>();

        for (Dashboard dashboard : Dashboard.all()) {
            titles.add(dashboard.json().path("title").asText());
            uids.add(dashboard.json().path("uid").asText());
            JsonNode installed =
                    rendering.named(
                            "ConfigMap",
                            "release-moonglass-dashboard-" + dashboard.name().replace(".json", ""));
            assertEquals("monitoring", installed.at("/metadata/namespace").asText());
            assertEquals("1", installed.at("/metadata/labels/grafana_dashboard").asText());
            JsonNode text = installed.path("data").properties().iterator().next().getValue();
            assertEquals(dashboard.json(), Chart.YAML.readTree(text.asText()));
        }
        assertEquals(2, titles.size());
        assertEquals(2, uids.size());
    }

    @Test
    void panels_do_not_overlap_and_ask_the_chosen_data_source_about_the_chosen_pods()
            throws IOException {
        for (Dashboard dashboard : Dashboard.all()) {
            Set<Integer> ids = new HashSet<>();
            boolean[][] taken = new boolean[400][24];
            for (JsonNode panel : dashboard.json().path("panels")) {
                assertTrue(ids.add(panel.path("id").asInt()));
                JsonNode place = panel.path("gridPos");
                for (int y = 0; y < place.path("h").asInt(); y++) {
                    for (int x = 0; x < place.path("w").asInt(); x++) {
                        boolean[] row = taken[place.path("y").asInt() + y];
                        int column = place.path("x").asInt() + x;
                        assertFalse(row[column], () -> panel.path("title") + " lies on another");
                        row[column] = true;
                    }
                }
                for (JsonNode target : panel.path("targets")) {
                    assertEquals("${datasource}", target.at("/datasource/uid").asText());
                    String expression = target.path("expr").asText();
                    assertEquals(
                            expression.split("\\{", -1).length,
                            expression.split("namespace=~\"\\$namespace\",pod=~\"\\$pod\"", -1)
                                    .length,
                            expression);
                }
            }
        }
    }
}
