package io.moonglass.server.eval;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.moonglass.runtime.LogitDifference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// How far a model is from a reference, by skill in the set's order.
public record ComparisonReport(Map<String, LogitDifference> skills) {

    /// One row of the form of `--json`.
    public record Figures(
            long positions,
            @JsonProperty("relative_error") double relativeError,
            @JsonProperty("top1_agreement") double top1Agreement) {

        private static Figures of(LogitDifference difference) {
            return new Figures(
                    difference.numPositions(), difference.relativeError(), difference.agreement());
        }
    }

    /// The form of `--json`.
    public record Summary(Map<String, Figures> skills, Figures all) {}

    public Summary summary() {
        Map<String, Figures> figures = new LinkedHashMap<>();
        skills.forEach((skill, difference) -> figures.put(skill, Figures.of(difference)));
        return new Summary(figures, Figures.of(all()));
    }

    /// A table.
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(
                "%-14s %9s %15s %15s"
                        .formatted("skill", "positions", "relative error", "same top-1"));
        skills.forEach((skill, difference) -> lines.add(line(skill, difference)));
        lines.add(line("all", all()));
        return lines;
    }

    public LogitDifference all() {
        return skills.values().stream().reduce(LogitDifference.NONE, LogitDifference::plus);
    }

    private static String line(String skill, LogitDifference difference) {
        return String.format(
                Locale.ROOT,
                "%-14s %9d %15.3e %13.2f %%",
                skill,
                difference.numPositions(),
                difference.relativeError(),
                100 * difference.agreement());
    }
}
