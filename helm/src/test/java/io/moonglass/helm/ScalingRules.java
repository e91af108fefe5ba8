package io.moonglass.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// How fast an autoscaler may go in one direction: `behavior.scaleUp` or `behavior.scaleDown`.
///
/// @param window   recommendations of this long ago and less are heeded, the most careful of them
/// @param policies what they allow is the most of them
record ScalingRules(Duration window, List<Policy> policies) {

    enum Unit {
        PODS,
        PERCENT
    }

    /// So many pods, or so many percent of them, in a period.
    record Policy(Unit unit, int value, Duration period) {}

    /// What holds upwards where nothing is said.
    static final ScalingRules DEFAULT_UP =
            new ScalingRules(
                    Duration.ZERO,
                    List.of(
                            new Policy(Unit.PERCENT, 100, Duration.ofSeconds(15)),
                            new Policy(Unit.PODS, 4, Duration.ofSeconds(15))));

    /// What holds downwards where nothing is said.
    static final ScalingRules DEFAULT_DOWN =
            new ScalingRules(
                    Duration.ofSeconds(300),
                    List.of(new Policy(Unit.PERCENT, 100, Duration.ofSeconds(15))));

    static ScalingRules of(JsonNode rules) {
        List<Policy> policies = new ArrayList<>();
        for (JsonNode policy : rules.path("policies")) {
            policies.add(
                    new Policy(
                            policy.path("type").asText().equals("Pods") ? Unit.PODS : Unit.PERCENT,
                            policy.path("value").asInt(),
                            Duration.ofSeconds(policy.path("periodSeconds").asInt())));
        }
        return new ScalingRules(
                Duration.ofSeconds(rules.path("stabilizationWindowSeconds").asInt()), policies);
    }

    ScalingRules withWindow(Duration other) {
        return new ScalingRules(other, policies);
    }
}
