package io.moonglass.engine;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// How much each tenant has been given. Who has had least goes first; who comes back after a pause has
/// saved nothing up. Engine thread only.
///
/// Source: Sheng et al. 2024, "Fairness in Serving Large Language Models", algorithm 2 (virtual token
/// counter).
final class FairShares {

    /// What a generated token costs, in prompt tokens: about what it takes in time.
    static final double GENERATED_TOKEN = 4;

    private final Map<String, Double> given = new HashMap<>();
    private double lastGiven;

    /// What a tenant has had, in prompt tokens.
    double of(String tenant) {
        return given.getOrDefault(tenant, 0.0);
    }

    void give(String tenant, double cost) {
        lastGiven = given.merge(tenant, cost, Double::sum);
    }

    /// A tenant that had nothing to do has something now. It begins where the least of the others stands,
    /// or, if there are none, where the one stands that was served last: else it would go before that one
    /// until it has had as much.
    ///
    /// @param active the other tenants that have something to do
    void comesBack(String tenant, Collection<String> active) {
        double least = active.stream().mapToDouble(this::of).min().orElse(lastGiven);
        given.merge(tenant, least, Math::max);
    }
}
