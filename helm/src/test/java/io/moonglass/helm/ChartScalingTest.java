package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

/// What autoscalers are told.
class ChartScalingTest {

    @Test
    void scaling_is_on_what_waits_and_runs_against_the_slots() {
        // 16 answers at once, four fifths of them
        JsonNode pods =
                Chart.withTests()
                        .render(Chart.example("hpa"))
                        .only("HorizontalPodAutoscaler")
                        .at("/spec/metrics/0/pods");
        assertEquals("12800m", pods.at("/target/averageValue").asText());
        assertEquals("AverageValue", pods.at("/target/type").asText());

        JsonNode external =
                Chart.withTests()
                        .render(Chart.example("hpa-external"))
                        .only("HorizontalPodAutoscaler")
                        .at("/spec/metrics/0/external");
        assertEquals("12000m", external.at("/target/averageValue").asText());

        JsonNode trigger =
                Chart.withTests()
                        .render(Chart.example("keda"))
                        .only("ScaledObject")
                        .at("/spec/triggers/0");
        assertEquals("25.6", trigger.at("/metadata/threshold").asText());
        assertTrue(
                trigger.at("/metadata/query").asText().contains("moonglass_requests_waiting{")
                        && trigger.at("/metadata/query")
                                .asText()
                                .contains("moonglass_sequences_running{"));
        assertFalse(trigger.path("metadata").has("metricName"));
    }

    @Test
    void keda_holds_the_pods_while_prometheus_is_away() {
        JsonNode scaled = Chart.withTests().render(Chart.example("keda")).only("ScaledObject");

        assertEquals(3, scaled.at("/spec/fallback/failureThreshold").asInt());
        assertEquals("currentReplicasIfHigher", scaled.at("/spec/fallback/behavior").asText());
        assertEquals("false", scaled.at("/spec/triggers/0/metadata/ignoreNullValues").asText());
        // a fallback is for triggers of the type AverageValue alone, by a rule of KEDA's admission
        for (JsonNode trigger : scaled.at("/spec/triggers")) {
            assertEquals("AverageValue", trigger.path("metricType").asText());
        }
    }
}
