package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Nothing that is asked of Prometheus is a name that the server does not tell.
class MetricNamesTest {

    /// A name as PromQL has it. Names of rules have colons in them.
    private static final Pattern NAME =
            Pattern.compile("\\b(?:moonglass|vllm|jvm|process)[_:][a-z0-9_:]*[a-z0-9]");

    private static final Pattern IN_TABLE = Pattern.compile("^\\| `([a-z0-9_:]+)` \\|");

    @Test
    void every_metric_of_a_rule_or_an_alert_is_told() throws IOException {
        Set<String> names = new TreeSet<>();
        Set<String> rules = recorded();
        for (JsonNode group :
                Chart.withTests().renderText(ALL).only("PrometheusRule").at("/spec/groups")) {
            for (JsonNode rule : group.path("rules")) {
                names.addAll(names(rule.path("expr").asText()));
            }
        }
        names.removeAll(rules);

        assertTrue(names.size() > 10, names::toString);
        assertTold(names);
    }

    @Test
    void every_metric_of_a_dashboard_is_told() throws IOException {
        for (Dashboard dashboard : Dashboard.all()) {
            Set<String> names = new TreeSet<>();
            dashboard.expressions().forEach(expression -> names.addAll(names(expression)));

            assertTrue(names.size() > 10, names::toString);
            assertTold(names);
        }
    }

    @Test
    void every_metric_that_pods_are_scaled_on_is_told() throws IOException {
        Set<String> names = new TreeSet<>();
        JsonNode scaled = Chart.withTests().render(Chart.example("keda")).only("ScaledObject");
        for (JsonNode trigger : scaled.at("/spec/triggers")) {
            names.addAll(names(trigger.at("/metadata/query").asText()));
        }
        String metric =
                Chart.withTests()
                        .render(Chart.example("hpa"))
                        .only("HorizontalPodAutoscaler")
                        .at("/spec/metrics/0/pods/metric/name")
                        .asText();
        JsonNode adapter = adapterRules();
        assertEquals(metric, adapter.at("/rules/custom/0/name/as").asText());
        assertEquals(metric, adapter.at("/rules/external/0/name/as").asText());
        for (String kind : List.of("custom", "external")) {
            JsonNode rule = adapter.at("/rules/" + kind + "/0");
            names.addAll(names(rule.path("seriesQuery").asText()));
            names.addAll(names(rule.path("metricsQuery").asText()));
        }
        Set<String> rules = recorded();
        assertTrue(names.stream().anyMatch(rules::contains));
        names.removeAll(rules);

        assertTold(names);
    }

    @Test
    void a_name_that_is_not_told_is_found() throws IOException {
        assertFalse(told(table(), "moonglass_requests_runing"));
        assertTrue(told(table(), "moonglass_time_to_first_token_seconds_bucket"));
    }

    /// The rules for an adapter as docs/kubernetes.md has them, for people to copy.
    private static JsonNode adapterRules() throws IOException {
        String text = Files.readString(Path.of("../docs/kubernetes.md"));
        int begin = text.indexOf("```yaml\nrules:\n") + "```yaml\n".length();
        return Chart.YAML.readTree(text.substring(begin, text.indexOf("```", begin)));
    }

    private static final String ALL = "prometheusRule: {enabled: true}";

    private static Set<String> recorded() throws IOException {
        Set<String> all = new HashSet<>();
        for (JsonNode group :
                Chart.withTests().renderText(ALL).only("PrometheusRule").at("/spec/groups")) {
            group.path("rules").forEach(rule -> all.add(rule.path("record").asText()));
        }
        return all;
    }

    private static void assertTold(Set<String> names) throws IOException {
        Set<String> table = table();
        List<String> unknown = names.stream().filter(name -> !told(table, name)).toList();

        assertEquals(List.of(), unknown, "names that docs/metrics.md does not have");
    }

    /// A histogram has three series. The library's own names are not listed one by one.
    private static boolean told(Set<String> table, String name) {
        return name.startsWith("jvm_")
                || name.startsWith("process_")
                || table.contains(name)
                || table.contains(name.replaceFirst("_(bucket|sum|count)$", ""));
    }

    private static Set<String> names(String expression) {
        Set<String> names = new TreeSet<>();
        Matcher matcher = NAME.matcher(expression);
        while (matcher.find()) {
            names.add(matcher.group());
        }
        return names;
    }

    private static Set<String> table() throws IOException {
        Set<String> names = new HashSet<>();
        for (String line : Files.readAllLines(Path.of("../docs/metrics.md"))) {
            Matcher matcher = IN_TABLE.matcher(line);
            if (matcher.find()) {
                names.add(matcher.group(1));
            }
        }
        return names;
    }
}
