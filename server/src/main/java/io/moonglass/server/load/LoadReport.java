package io.moonglass.server.load;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a load has shown, also as the form of `--json`.
///
/// @param durationSeconds from the first request to the last answer
/// @param all             of all scenarios together; its fields stand at the top of the JSON object
/// @param scenarios       in the mix's order
@JsonNaming(SnakeCaseStrategy.class)
public record LoadReport(
        String mix,
        long seed,
        int concurrency,
        double durationSeconds,
        @JsonUnwrapped LoadFigures all,
        Map<String, LoadFigures> scenarios) {

    static LoadReport of(
            LoadPlan plan, LoadSettings settings, double seconds, List<Tally> tallies) {
        Tally sum = new Tally();
        Map<String, LoadFigures> scenarios = new LinkedHashMap<>();
        for (int i = 0; i < tallies.size(); i++) {
            tallies.get(i).addTo(sum);
            scenarios.put(plan.mix().scenarios().get(i).name(), tallies.get(i).figures(seconds));
        }
        return new LoadReport(
                plan.mix().name(),
                plan.seed(),
                settings.numClients(),
                seconds,
                sum.figures(seconds),
                scenarios);
    }

    /// The same as tables to read.
    public List<String> lines() {
        return new LoadTable(this).lines();
    }
}
