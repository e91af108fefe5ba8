package io.moonglass.server.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A report as tables: counts and rates, then times, then errors if there were any.
final class LoadTable {

    private static final String COUNTS = "  %8s  %6s  %9s  %5s  %12s  %7s  %12s";

    private final LoadReport report;
    private final List<Row> rows = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private final String name;

    private record Row(String name, LoadFigures figures) {}

    LoadTable(LoadReport report) {
        this.report = report;
        report.scenarios().forEach((scenario, figures) -> rows.add(new Row(scenario, figures)));
        if (rows.size() > 1) {
            rows.add(new Row("all", report.all()));
        }
        int width = rows.stream().mapToInt(row -> row.name().length()).max().orElse(0);
        this.name = "%-" + Math.max("scenario".length(), width) + "s";
    }

    List<String> lines() {
        addHead();
        addCounts();
        addTimes();
        addErrors();
        return lines;
    }

    private void addHead() {
        LoadFigures all = report.all();
        add("%s: %d clients, %.1f s", report.mix(), report.concurrency(), report.durationSeconds());
        if (all.unfinished() > 0) {
            add("%d requests were cut off by the end", all.unfinished());
        }
    }

    private void addCounts() {
        add("");
        add(
                name + COUNTS,
                "scenario",
                "requests",
                "errors",
                "cancelled",
                "429",
                "prompt tok/s",
                "cached",
                "output tok/s");
        for (Row row : rows) {
            LoadFigures figures = row.figures();
            add(
                    name + COUNTS,
                    row.name(),
                    figures.requests(),
                    figures.errors(),
                    figures.cancelled(),
                    figures.rejected(),
                    text("%.1f", figures.promptTokensPerSecond()),
                    text("%.1f %%", 100 * figures.cachedShare()),
                    text("%.1f", figures.outputTokensPerSecond()));
        }
    }

    private void addTimes() {
        add("");
        add(name + "  %-18s %9s %9s %9s %9s", "seconds", "", "p50", "p90", "p99", "max");
        for (Row row : rows) {
            LoadFigures figures = row.figures();
            addTimes(row.name(), "first text", figures.ttftSeconds());
            if (figures.laterTurnTtftSeconds() != null) {
                addTimes("", "  in first turns", figures.firstTurnTtftSeconds());
                addTimes("", "  in later turns", figures.laterTurnTtftSeconds());
            }
            addTimes("", "between pieces", figures.interTokenSeconds());
            addTimes("", "per output token", figures.secondsPerOutputToken());
            addTimes("", "whole answer", figures.endToEndSeconds());
        }
    }

    private void addTimes(String scenario, String what, Percentiles times) {
        if (times != null) {
            add(
                    name + "  %-18s %9.4f %9.4f %9.4f %9.4f",
                    scenario,
                    what,
                    times.p50(),
                    times.p90(),
                    times.p99(),
                    times.max());
        }
    }

    private void addErrors() {
        if (!report.all().errorKinds().isEmpty()) {
            add("");
        }
        report.all()
                .errorKinds()
                .forEach((kind, error) ->
                        add("%s: %d times, first \"%s\"", kind, error.count(), error.first()));
    }

    private void add(String pattern, Object... values) {
        lines.add(text(pattern, values));
    }

    private static String text(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
