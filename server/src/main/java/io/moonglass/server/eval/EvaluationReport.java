package io.moonglass.server.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What came of an evaluation's questions, counted by skill in the set's order.
public record EvaluationReport(List<Answered> answers) {

    public EvaluationReport {
        answers = List.copyOf(answers);
    }

    /// @param asked questions, all turns of a conversation
    /// @param right of them, those with a right answer
    public record Count(int asked, int right) {

        private static Count of(List<Answered> answers) {
            return new Count(
                    answers.size(),
                    Math.toIntExact(answers.stream().filter(Answered::right).count()));
        }
    }

    /// The form of `--json`.
    public record Summary(Map<String, Count> skills, int asked, int right) {}

    public Summary summary() {
        Map<String, Count> skills = new LinkedHashMap<>();
        bySkill().forEach((skill, part) -> skills.put(skill, Count.of(part)));
        Count all = Count.of(answers);
        return new Summary(skills, all.asked(), all.right());
    }

    /// A table: right answers by skill, and the share of characters that were right.
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("%-14s %6s %6s %8s %11s".formatted("skill", "asked", "right", "", "characters"));
        bySkill().forEach((skill, part) -> lines.add(line(skill, part)));
        lines.add(line("all", answers));
        return lines;
    }

    public List<Answered> mistakes() {
        return answers.stream().filter(answered -> !answered.right()).toList();
    }

    public long numFailed() {
        return answers.stream().filter(Answered::failed).count();
    }

    private Map<String, List<Answered>> bySkill() {
        Map<String, List<Answered>> skills = new LinkedHashMap<>();
        for (Answered answered : answers) {
            skills.computeIfAbsent(answered.conversation().skill(), skill -> new ArrayList<>())
                    .add(answered);
        }
        return skills;
    }

    private static String line(String skill, List<Answered> answers) {
        Count count = Count.of(answers);
        int characters = answers.stream().mapToInt(answered -> answered.wanted().length()).sum();
        int right = answers.stream().mapToInt(Answered::rightCharacters).sum();
        return "%-14s %6d %6d %8s %11s"
                .formatted(
                        skill,
                        count.asked(),
                        count.right(),
                        percent(count.right(), count.asked()),
                        percent(right, characters));
    }

    private static String percent(int part, int whole) {
        return whole == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / whole);
    }
}
