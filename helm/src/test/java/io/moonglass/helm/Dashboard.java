package io.moonglass.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// One of the chart's dashboards for Grafana.
record Dashboard(String name, JsonNode json) {

    static List<Dashboard> all() throws IOException {
        List<Dashboard> all = new ArrayList<>();
        try (Stream<Path> files = Files.list(Chart.FOLDER.resolve("dashboards"))) {
            for (Path file : files.sorted().toList()) {
                all.add(
                        new Dashboard(
                                file.getFileName().toString(),
                                Chart.YAML.readTree(Files.readString(file))));
            }
        }
        return all;
    }

    /// What its panels ask, as Grafana would send it with all of every variable chosen.
    List<String> expressions() {
        List<String> all = new ArrayList<>();
        for (JsonNode panel : json.path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                all.add(
                        target.path("expr")
                                .asText()
                                .replace("$__rate_interval", "1m")
                                .replace("$__range", "5m")
                                .replaceAll("\\$(namespace|pod|model)", ".*"));
            }
        }
        return all;
    }
}
