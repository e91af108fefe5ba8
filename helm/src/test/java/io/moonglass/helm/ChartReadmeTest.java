package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The chart's README tells of every value, as values.yaml does.
class ChartReadmeTest {

    @Test
    void the_list_of_values_is_that_of_values_yaml() throws IOException {
        if (Boolean.getBoolean("moonglass.renew-readme")) {
            Files.writeString(ChartReadme.FILE, ChartReadme.renewed());
        }

        assertEquals(
                ChartReadme.renewed(),
                Files.readString(ChartReadme.FILE),
                "write it anew: ./mvnw -pl helm -am test -Dtest=ChartReadmeTest -Dsurefire.failIfNoSpecifiedTests=false -Dmoonglass.renew-readme=true");
    }

    @Test
    void every_value_has_a_comment_that_says_what_it_is() throws IOException {
        List<String> described =
                ChartReadme.values().stream().map(ChartReadme.Value::path).toList();
        JsonNode values = Chart.YAML.readTree(Chart.FOLDER.resolve("values.yaml").toFile());

        for (String path : leaves("", values)) {
            assertTrue(
                    described.stream()
                            .anyMatch(known -> path.equals(known) || path.startsWith(known + ".")),
                    () -> path + " has no comment in values.yaml");
        }
    }

    private static List<String> leaves(String path, JsonNode value) {
        if (!value.isObject() || value.isEmpty()) {
            return List.of(path);
        }
        List<String> all = new ArrayList<>();
        value.properties()
                .forEach(field ->
                        all.addAll(
                                leaves(
                                        path.isEmpty()
                                                ? field.getKey()
                                                : path + "." + field.getKey(),
                                        field.getValue())));
        return all;
    }
}
